"""The events of a journal: one frozen dataclass a kind, so that a reader months later knows every field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal, TypeAlias

OUTPUT_LIMIT = 4096


@dataclass(frozen=True)
class CommandRan:
    """A command ended on a host; `exit_status` None: it never gave one."""

    kind: ClassVar[Literal["CommandRan"]] = "CommandRan"
    host: str
    command: str
    exit_status: int | None
    start: str
    """UTC, ISO 8601."""
    duration_s: float
    stdout: str = ""
    """Whole here; the journal keeps the first and the last 2 KiB."""
    stderr: str = ""
    timed_out: bool = False


@dataclass(frozen=True)
class FileSent:
    """A file was compared with a host's, and sent when it differed."""

    kind: ClassVar[Literal["FileSent"]] = "FileSent"
    host: str
    path: str
    sha256: str
    bytes: int
    changed: bool


@dataclass(frozen=True)
class ChangeMade:
    """A change was applied to a host."""

    kind: ClassVar[Literal["ChangeMade"]] = "ChangeMade"
    host: str
    title: str
    was: str
    actions: tuple[str, ...]
    diff: str
    warning: str
    seconds: float


@dataclass(frozen=True)
class CheckJudged:
    """A check was observed, at the end of its waiting."""

    kind: ClassVar[Literal["CheckJudged"]] = "CheckJudged"
    check: str
    claim: str
    verdict: str
    observed: str
    hint: str
    waited_s: float


@dataclass(frozen=True)
class FaultRecorded:
    """The undo of a fault, written before the fault."""

    kind: ClassVar[Literal["FaultRecorded"]] = "FaultRecorded"
    fault_id: str
    fault: str
    host: str
    undo: str
    expires_s: float


@dataclass(frozen=True)
class FaultApplied:
    """A fault took effect; `at` is UTC by the clock of its host."""

    kind: ClassVar[Literal["FaultApplied"]] = "FaultApplied"
    fault_id: str
    at: str


@dataclass(frozen=True)
class FaultUndone:
    """A fault's undo ran; `confirmed`: it was seen that nothing of the fault is left."""

    kind: ClassVar[Literal["FaultUndone"]] = "FaultUndone"
    fault_id: str
    confirmed: bool


@dataclass(frozen=True)
class KeepalivedFound:
    """Where the keepalived on a node came from, by the record beside its binary."""

    kind: ClassVar[Literal["KeepalivedFound"]] = "KeepalivedFound"
    node: str
    version: str
    archive: str
    source_sha256: str
    binary_sha256: str
    configure: str
    cppflags: str
    compiler: str


@dataclass(frozen=True)
class Noted:
    """A fact worth keeping, in words."""

    kind: ClassVar[Literal["Noted"]] = "Noted"
    text: str
    data: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class NotebookFinished:
    """A notebook came to its end, or was stopped."""

    kind: ClassVar[Literal["NotebookFinished"]] = "NotebookFinished"
    notebook: str
    verdict: str
    seconds: float


Event: TypeAlias = (
    CommandRan
    | FileSent
    | ChangeMade
    | CheckJudged
    | FaultRecorded
    | FaultApplied
    | FaultUndone
    | KeepalivedFound
    | Noted
    | NotebookFinished
)


def shorten(text: str, limit: int = OUTPUT_LIMIT) -> str:
    """`text` with its middle cut out when it is longer than `limit` characters; says how long it was. Pure."""
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]}\n… {len(text)} characters in all …\n{text[-half:]}"
