"""Progress on stderr: a live line on a terminal, a line a notebook elsewhere. The only door to rich."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.status import Status

from runbook_lib.evidence import Outcome
from runbook_lib.outward import outward
from runbook_lib.streams import drawing_stream

COLOURS = {
    Outcome.PASSED: "green",
    Outcome.WARNED: "yellow",
    Outcome.SKIPPED: "cyan",
    Outcome.FAILED: "red",
    Outcome.UNKNOWN: "red",
    Outcome.ERROR: "red",
    Outcome.INTERRUPTED: "magenta",
}
REFRESHES_PER_S = 4
"""Seldom: a trial on the same machine measures milliseconds."""
WIDEST = 120
"""Of what a cell prints, in the live line."""


class Progress:
    """What a run says while it goes on."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(file=drawing_stream(), highlight=False, soft_wrap=True)
        self._status: Status | None = None
        self._doing = self._cell = ""

    @contextmanager
    def doing(self, what: str) -> Iterator[None]:
        """Show that this goes on, until it ends."""
        self._doing = what
        with self._console.status(what, refresh_per_second=REFRESHES_PER_S) as self._status:
            yield
        self._status = None

    def cell(self, index: int, cells: int) -> None:
        """The notebook is at this cell now."""
        self._cell = f"{self._doing}  cell {index + 1} of {cells}"
        self._show(self._cell)

    def printed(self, text: str) -> None:
        """The cell says this meanwhile: its last line is shown."""
        last = text.strip().rpartition("\n")[2]
        self._show(f"{self._cell}  {escape(outward(last)[:WIDEST])}")

    def _show(self, status: str) -> None:
        if self._status is not None:
            self._status.update(status)

    def say(self, text: str) -> None:
        """One line that stays."""
        self._console.print(outward(text), markup=False)

    def notebook_ended(self, name: str, outcome: Outcome, seconds: float, changes: int) -> None:
        """One line that stays: the notebook's verdict."""
        colour = COLOURS[outcome]
        count = "1 change" if changes == 1 else f"{changes} changes"
        self._console.print(f"{name:<26} [{colour}]{outcome:<11}[/] {seconds:6.1f} s  {count}")
