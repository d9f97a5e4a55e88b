"""A command on its way: it ends with an exit status, by its time limit, or with its session; journalled once."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import BinaryIO

from runbook_lib.errors import (
    CommandError,
    CommandTimeoutError,
    HostError,
    OutputLimitError,
    RunbookError,
    SessionLostError,
)
from runbook_lib.hosts.connection import Channel, Session
from runbook_lib.hosts.disk_full import disk_full_error
from runbook_lib.hosts.framing import OutputLimitReached, Sink
from runbook_lib.hosts.remote_shell import KILL_AFTER_S, Line
from runbook_lib.hosts.streams import Lines, Streams
from runbook_lib.journal import CommandRan, Journal, shorten

ANSWER_S = KILL_AFTER_S + 5.0
"""How much longer than the host's own limit we wait for a command: its kill, and the way back."""
ENDED_BY_TIMEOUT = (124, 137)
"""What coreutils' `timeout` ends with, the second when the command had to be killed. Or the command's own."""
SAID = 1000
"""How many characters of what a command said a message has."""


@dataclass(frozen=True)
class Completed:
    """What a command on a host ended with."""

    host: str
    command: str
    exit_status: int
    stdout: str
    stderr: str
    duration_s: float
    shown: str = ""
    """What stands for the command in a message, where the command is long."""

    def check(self, *, normal: Collection[int] = (0,)) -> Completed:
        """Itself, when the exit status is a normal one; else raises CommandError with the last lines of stderr.

        DiskFullError when they speak of a full disk.
        """
        if self.exit_status in normal:
            return self
        told = f"{quoted(self.shown or self.command)} ended with {self.exit_status}"
        if full := disk_full_error(self.host, told, self.stderr + self.stdout, self.command):
            raise full
        lines = (self.stderr.strip() or self.stdout.strip() or "it said nothing").splitlines()
        said = shorten(" | ".join(lines[-3:]), SAID)
        whole = "A run's journal.jsonl has the whole command."
        raise CommandError(
            f"{self.host}: {told}: {said.rstrip('.')}.",
            whole if self.shown else f"Run it on {self.host} by hand to see more.",
        )


@dataclass
class Execution:
    """A command on its channel: `begin`, then `finish`."""

    host: str
    command: str
    limit_s: float
    """After so long `timeout` ends it on the host."""
    channel: Channel
    journal: Journal
    shown: str = ""
    """What stands for the command in a message, where the command is long."""
    _streams: Streams | None = field(default=None, init=False)
    _start: datetime = field(init=False)
    _begun_s: float = field(init=False)

    def begin(
        self, session: Session, line: Line, head: bytes, body: BinaryIO | None = None, sink: Sink | None = None
    ) -> Execution:
        """Have `line` run, and feed it. Raises SessionLostError: it may run, or not."""
        # Before the host starts its own clock: what was ended by its limit took at least that long.
        self._start, self._begun_s = datetime.now(UTC), time.monotonic()
        try:
            session.execute(self.channel, line.text)
        except SessionLostError:
            self._record(None, timed_out=False)
            raise
        self._streams = Streams(self.channel, line.nonce, head, body, sink)
        return self

    def finish(self) -> Completed:
        """Wait for its end. Raises CommandTimeoutError, OutputLimitError, NotBegunError, or SessionLostError.

        Also what a sink raised that had enough. After a SessionLostError it may have run, or still run.
        """
        assert self._streams is not None  # it was begun
        status, timed_out = None, False
        try:
            status = self._streams.wait(self.limit_s + ANSWER_S)
            over = self._streams.is_over
            # Either status can be the command's own: the time that it took tells.
            timed_out = status in ENDED_BY_TIMEOUT and self._seconds() >= self.limit_s
        finally:  # also when we are interrupted: without its channel the watcher ends it on the host
            self.channel.close()
            duration_s = self._record(status, timed_out=timed_out)
        if timed_out:
            raise CommandTimeoutError(
                f"{self.host}: {quoted(self.shown or self.command)} took more than {self.limit_s:g} s and was ended.",
                f"See on {self.host} what it waits for, or whether the machine is overloaded.",
            )
        if isinstance(enough := self._streams.enough, OutputLimitReached):
            raise self._too_much(enough.limit)
        if enough is not None:
            raise enough
        if not self._streams.has_begun and (status is not None or not over):
            raise self._not_begun(status, self._streams.noise)
        if status is None:
            raise self._lost(over)
        return Completed(self.host, self.command, status, *self._texts(), duration_s, self.shown)

    def _lost(self, over: bool) -> SessionLostError:
        what = "the session ended during" if over else f"no answer within {self.limit_s + ANSWER_S:g} s to"
        return SessionLostError(
            f"{self.host}: {what} {quoted(self.shown or self.command)}; it may have run.",
            "See whether the machine is on, then run the step again.",
        )

    def _too_much(self, limit: int) -> OutputLimitError:
        return OutputLimitError(
            f"{self.host}: {quoted(self.shown or self.command)} returned more than {limit >> 20} MiB and was ended.",
            f"See on {self.host} what it returns so much of.",
        )

    def _not_begun(self, status: int | None, noise: str) -> NotBegunError:
        how = f"within {self.limit_s + ANSWER_S:g} s" if status is None else f"(exit status {status})"
        return NotBegunError(
            f"{self.host}: {quoted(self.shown or self.command)} did not start {how}: {last_line(noise)}.",
            f"Log in to {self.host} by hand and see what its login shell does.",
            last_line(noise),
        )

    def _record(self, status: int | None, *, timed_out: bool) -> float:
        """Journal it; how long it took, in seconds."""
        start, duration_s = self._start.isoformat(timespec="milliseconds"), self._seconds()
        self.journal.write(
            CommandRan(self.host, self.command, status, start, duration_s, *self._texts(), timed_out=timed_out)
        )
        return duration_s

    def _seconds(self) -> float:
        return round(time.monotonic() - self._begun_s, 6)

    def _texts(self) -> tuple[str, str]:
        if self._streams is None:
            return "", ""
        return self._streams.stdout.decode(errors="replace"), self._streams.stderr.decode(errors="replace")


class NotBegunError(HostError):
    """A command never began: the machine's login shell, or sudo, ended before it, or waits."""

    def __init__(self, what: str, todo: str, noise: str) -> None:
        super().__init__(what, todo)
        self.noise = noise
        """The last line of what was said instead."""


class Running:
    """A command that goes on. Leave its `with` block, or call `stop()`: it ends on the host too."""

    def __init__(self, execution: Execution, lines: Lines) -> None:
        self._execution = execution
        self._lines = lines
        self._error: RunbookError | None = None
        self._thread = threading.Thread(target=self._follow, name=execution.command[:40], daemon=True)
        self._thread.start()

    def __enter__(self) -> Running:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def is_over(self) -> bool:
        """It has ended: by itself, by its limit, or with its session."""
        return not self._thread.is_alive()

    def lines(self) -> Iterator[str]:
        """Lines of stdout as they come, without their newline, until the command ends.

        Raises OutputLimitError when more than 32 MiB of them wait to be read: the command is then ended.
        """
        yield from self._lines
        if isinstance(self._error, OutputLimitError):
            raise self._error

    def stop(self) -> None:
        """End it on the host (SIGTERM to its process group, then SIGKILL), and wait until it is gone."""
        with suppress(OSError, EOFError):  # it has ended already
            self._execution.channel.shutdown_write()  # the watcher on the host sees the end of stdin
        self._thread.join(ANSWER_S)

    def _follow(self) -> None:
        try:
            self._execution.finish()
        except RunbookError as error:
            self._error = error  # the journal has how it ended
        finally:
            self._lines.close()


def quoted(command: str) -> str:
    """A command as it stands in a message: on one line, not too long. Pure."""
    return f"`{shorten(' '.join(command.split()), 200)}`"


def last_line(said: str) -> str:
    """The last line of what a machine said, for a sentence; says that it said nothing. Pure."""
    return shorten((said.strip() or "it said nothing").splitlines()[-1].rstrip("."), SAID)
