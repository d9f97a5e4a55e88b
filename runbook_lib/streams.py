"""The standard streams of a command: what is printed is outward, and a reader that is gone is no error of ours.

A pipe that nobody reads any more interrupts the command as Ctrl-C does. A closed terminal only silences it: its signal
is SIGHUP, and whoever started the command with `nohup` or disowned it wants it to go on.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO, cast

from runbook_lib import signals
from runbook_lib.outward import outward


class StandardStream(io.TextIOBase):
    """A stream that silently writes nothing once its reader is gone."""

    def __init__(self, inner: TextIO, *, report: bool) -> None:
        """`report`: a disk that takes no more of it is an error, as for any program's stdout."""
        self.inner = inner
        self._report = report

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """As of the stream below."""
        return self.inner.encoding

    def write(self, text: str) -> int:
        """Write it as it is. Raises OSError only for a report that a disk does not take."""
        self._unless_gone(lambda: self.inner.write(text))
        return len(text)

    def flush(self) -> None:
        """As `write`."""
        self._unless_gone(self.inner.flush)

    def fileno(self) -> int:
        """Of the stream below."""
        return self.inner.fileno()

    def isatty(self) -> bool:
        """Whether escape sequences reach a terminal through it."""
        return self.inner.isatty()

    def writable(self) -> bool:
        """Always."""
        return True

    def _unless_gone(self, write: Callable[[], object]) -> None:
        try:
            write()
        except OSError as error:
            self._silence()
            if error.errno == errno.EPIPE:
                signals.interrupt()
            elif self._report and error.errno != errno.EIO:
                raise

    def _silence(self) -> None:
        # What the stream below still holds goes nowhere, too: else Python complains at its exit.
        with _nowhere() as nowhere:
            os.dup2(nowhere.fileno(), self.inner.fileno())


class OutwardStream(StandardStream):
    """The same for plain text: control characters are written out, secrets masked."""

    def write(self, text: str) -> int:
        """Write it as `outward` shows it."""
        return super().write(outward(text))

    def isatty(self) -> bool:
        """No escape sequence reaches anything through it."""
        return False


@contextmanager
def standard_streams() -> Iterator[None]:
    """Inside, sys.stdout and sys.stderr are such; one that the caller had closed leads nowhere."""
    before = sys.stdout, sys.stderr
    for stream in before:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a stream of ASCII only is no error of ours either
    sys.stdout = cast("TextIO", OutwardStream(before[0] or _nowhere(), report=True))
    sys.stderr = cast("TextIO", OutwardStream(before[1] or _nowhere(), report=False))
    try:
        yield
    finally:
        with signals.unheard():  # a reader that is gone by now interrupts nothing
            sys.stdout.flush()
            sys.stderr.flush()
            sys.stdout, sys.stderr = before


def _nowhere() -> TextIO:
    return os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")


def drawing_stream() -> TextIO:
    """stderr for one who writes escape sequences of its own, and passes every text through `outward`."""
    stream: object = sys.stderr
    raw = StandardStream(stream.inner, report=False) if isinstance(stream, OutwardStream) else stream
    return cast("TextIO", raw)
