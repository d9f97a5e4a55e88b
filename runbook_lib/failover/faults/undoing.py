"""An undo on the way out: no interrupt cuts it short, and an interrupt stays one, also where the undo fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from runbook_lib import signals
from runbook_lib.errors import RunbookError
from runbook_lib.journal import Journal, Noted


@contextmanager
def undoing(journal: Journal, undo: Callable[[], object]) -> Iterator[None]:
    """Run `undo` on every exit of the block, once, as `undo_after` does where an exception ends it."""
    begun = False

    def once() -> None:
        nonlocal begun
        begun = True
        undo()

    try:
        yield
        with signals.held():
            once()
    except BaseException as ended:
        if not begun:  # also where an interrupt came between the block's end and the undo
            undo_after(ended, journal, once)
        raise


def undo_after(ended: BaseException, journal: Journal, undo: Callable[[], object]) -> None:
    """Run `undo` before `ended` goes on.

    What ends the run (KeyboardInterrupt, SystemExit) goes on also when the undo fails: the failure stands in its notes,
    for the reader, and in the journal. In an error's place the undo's failure is raised.
    """
    try:
        with signals.held():
            undo()
    except RunbookError as error:
        if isinstance(ended, Exception):
            raise
        journal.write(Noted(f"interrupted, and not undone: {error}"))
        ended.add_note(f"Not undone: {error}")
