"""A change: what an operation would do, or did, to one host. Data, so that it can be shown before it happens."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from runbook_lib.hosts import quote

STAGED = ".runbook-staged"
"""Added to the name of a file that waits for its test."""


@dataclass(frozen=True)
class Command:
    """A command with quoting slots (`%s`), and the seconds that it may take."""

    command: str
    values: tuple[str, ...] = ()
    timeout_s: float = 60.0
    shown: str = ""
    """What a reader is shown in its place, where the command itself is long; the journal has it as it ran."""

    def __str__(self) -> str:
        return self.shown or quote(self.command, *self.values)


@dataclass(frozen=True)
class WriteFile:
    """A whole file, put in place atomically; `before` is what the probe found there (None: nothing)."""

    path: str
    content: str
    before: str | None = None
    mode: int = 0o644
    tested_by: Command | None = None
    """Must succeed while the content stands at `staged`, before it is put in place."""

    @property
    def staged(self) -> str:
        """Where the content waits for `tested_by`, under a name that only we give."""
        return f"{self.path}{STAGED}"

    @property
    def diff(self) -> str:
        """The unified diff from `before` to `content`; empty when equal."""
        return "".join(
            difflib.unified_diff(
                (self.before or "").splitlines(keepends=True),
                self.content.splitlines(keepends=True),
                self.path if self.before is not None else "/dev/null",
                self.path,
            )
        )

    def __str__(self) -> str:
        return f"write {self.path}" + (f" after {self.tested_by}" if self.tested_by else "")


@dataclass(frozen=True)
class PushFile:
    """A file of the controller, sent as it is; its SHA-256 is compared first, and again on arrival."""

    local: Path
    path: str
    mode: int = 0o644

    def __str__(self) -> str:
        return f"send {self.local.name} to {self.path}"


@dataclass(frozen=True)
class CopyTree:
    """A folder of another host, copied through the controller into a fresh place, then moved to `path` at once."""

    source_host: str
    path: str

    def __str__(self) -> str:
        return f"copy {self.path} from {self.source_host}"


Action: TypeAlias = Command | WriteFile | PushFile | CopyTree


@dataclass(frozen=True)
class Change:
    """What is done to one host, in order; no actions: the host is right already."""

    host: str
    title: str
    """What it does, imperative: `start keepalived.service`; for none, why nothing is needed."""
    actions: tuple[Action, ...] = ()
    was: str = ""
    """What the probe found."""
    hint: str = ""
    """Where to look when it fails."""
    warning: str = ""
    """Where the change does other than what was asked: a substitute, say."""
    brings: tuple[str, ...] = ()
    """Files that are others afterwards, beside those that it writes: a binary, say."""
    held_back: bool = False
    """Something is to be done, and is not agreed to: `title` says what, and how to agree. It has no actions."""

    @classmethod
    def none(cls, host: str, why: str) -> Change:
        """The host is right already."""
        return cls(host, why)

    @property
    def is_none(self) -> bool:
        """Nothing to do."""
        return not self.actions

    @property
    def planned(self) -> dict[tuple[str, str], str | None]:
        """What later steps will find, by host and path; None: content that is not known yet."""
        written = {(self.host, a.path): a.content for a in self.actions if isinstance(a, WriteFile)}
        return {**dict.fromkeys((self.host, path) for path in self.brings), **written}

    @property
    def outlook(self) -> str:
        """The title, and before it where nothing is done."""
        if self.held_back:
            return f"HELD BACK: {self.title}"
        return f"no change: {self.title}" if self.is_none else self.title

    @property
    def diff(self) -> str:
        """Unified diffs of all files that it writes."""
        return "".join(a.diff for a in self.actions if isinstance(a, WriteFile))
