"""An undo on the way out: no interrupt cuts it short, and an interrupt stays one, also where the undo fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from runbook_lib import signals
from runbook_lib.errors import RunbookError
from runbook_lib.journal import Journal, Noted


@contextmanager
def undoing(journal: Journal, undo: Callable[[], object]) -> Iterator[None]:
    """Run `undo` on every exit of the block, as `undo_after` does where an exception ends it."""
    try:
        yield
    except BaseException as ended:
        undo_after(ended, journal, undo)
        raise
    with signals.held():
        undo()


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
