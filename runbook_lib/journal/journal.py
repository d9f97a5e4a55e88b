"""The journal: one JSON object a line, append-only, written by several processes of one run."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

from pydantic import TypeAdapter, ValidationError

from runbook_lib.errors import RunbookError
from runbook_lib.journal.events import CommandRan, Event, shorten
from runbook_lib.outward import masked, outward_values

TORN = 64 * 1024
"""Bytes to look back for the end of the last whole line; a longer piece is looked for in the whole file."""


class JournalError(RunbookError):
    """A journal can't be written, or not be read: a line of it is not what was written."""


@dataclass(frozen=True)
class Record:
    """One line of a journal."""

    time: str
    """UTC, ISO 8601, microseconds."""
    monotonic_s: float
    """The writing machine's monotonic clock: differences between lines of one boot are durations."""
    kind: str
    context: Mapping[str, str]
    event: Event


_EVENT_TYPES: dict[str, TypeAdapter[Any]] = {kind.__name__: TypeAdapter(kind) for kind in get_args(Event)}
_LINE = TypeAdapter(dict[str, Any])


class Journal:
    """Where events go. A path of None keeps them nowhere: for a look, and for unit tests."""

    def __init__(self, path: Path | None, *, context: Mapping[str, str] | None = None) -> None:
        self.path = path
        self.context: Mapping[str, str] = dict(context or {})
        """What every event says of where it comes from."""

    def write(self, event: Event) -> None:
        """Append one event. Raises JournalError when it can't: a run without its journal proves nothing."""
        if self.path is None:
            return
        line = {
            "time": datetime.now(UTC).isoformat(timespec="microseconds"),
            "monotonic_s": round(time.monotonic(), 6),
            "kind": event.kind,
            "context": self.context,
            "event": self._values(event),
        }
        try:
            _append(self.path, _LINE.dump_json(line) + b"\n")
        except OSError as error:
            raise JournalError(
                f"{self.path} can't be written: {error.strerror}.", "Free some space there, or choose another --out."
            ) from error

    def _values(self, event: Event) -> Any:
        values = _EVENT_TYPES[event.kind].dump_python(event, mode="json")
        if isinstance(event, CommandRan):
            # Cut after masking: a secret across the cut would leave its two halves.
            values |= {stream: shorten(masked(values[stream])) for stream in ("stdout", "stderr")}
        # Before JSON: escaping would hide a secret that has a quote or a backslash.
        return outward_values(values)


def _append(path: Path, line: bytes) -> None:
    """The line, whole or not at all, behind those of other processes. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)  # until the descriptor is closed
        _drop_torn_line(descriptor)
        _write_whole(descriptor, line)
    finally:
        os.close(descriptor)


def _drop_torn_line(descriptor: int) -> None:
    """Cut off what a writer that was killed left behind the last newline: the next line would be glued to it."""
    size = os.fstat(descriptor).st_size
    for length in (1, TORN, size) if size else ():
        tail = os.pread(descriptor, length, max(0, size - length))
        if b"\n" in tail or length >= size:
            os.ftruncate(descriptor, size - len(tail) + tail.rfind(b"\n") + 1)
            return


def _write_whole(descriptor: int, line: bytes) -> None:
    size, rest = os.fstat(descriptor).st_size, line
    try:
        while rest:  # a disk that is nearly full takes a part
            rest = rest[os.write(descriptor, rest) :]
    except BaseException:
        with suppress(OSError):
            os.ftruncate(descriptor, size)
        raise


def read_journal(path: Path) -> list[Record]:
    """Every record of a journal; a torn last line (the writer was killed) is left out.

    Raises JournalError for any other line that can't be read, naming it.
    """
    lines = path.read_bytes().split(b"\n")
    records = []
    for number, line in enumerate(lines[:-1], start=1):  # what follows the last newline is empty, or torn
        try:
            records.append(_parse_line(line))
        except (ValidationError, KeyError, TypeError) as error:
            raise JournalError(
                f"{path}: line {number} is no journal record.", "The file was edited or damaged."
            ) from error
    return records


def _parse_line(line: bytes) -> Record:
    values = _LINE.validate_json(line)
    event = _EVENT_TYPES[values["kind"]].validate_python(values["event"])
    return Record(values["time"], values["monotonic_s"], values["kind"], values["context"], event)
