"""A cell that is interrupted (JupyterLab's stop button, papermill) says in one sentence what was undone."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, TypeAlias

from IPython import get_ipython

from runbook_lib import signals
from runbook_lib.journal import Event, FaultRecorded, FaultUndone, Journal

FaultEvent: TypeAlias = FaultRecorded | FaultUndone


class CellInterrupted(KeyboardInterrupt):
    """An interrupt as a notebook shows it."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


class CellJournal(Journal):
    """A journal that remembers what it wrote of faults since the cell began, and when the cell was interrupted."""

    def __init__(self, path: Path | None, *, context: Mapping[str, str] | None = None) -> None:
        super().__init__(path, context=context)
        self._faults: list[FaultEvent] = []
        self._before: int | None = None
        """How many of them stood there when the interrupt came; None: none has come."""

    def begin_cell(self, *_: object) -> None:
        """The cell that begins now is interrupted as `signals` says, and remembers its own faults."""
        self._faults, self._before = [], None
        with suppress(ValueError):  # not the main thread: it gets no signals either
            signals.listen((signal.SIGINT,), self._interrupted)

    def write(self, event: Event) -> None:
        """Append one event, and remember it when it is of a fault."""
        super().write(event)
        if isinstance(event, FaultRecorded | FaultUndone):
            self._faults.append(event)

    def _interrupted(self, number: int, frame: FrameType | None) -> None:
        if self._before is None:
            self._before = len(self._faults)
        signals.handle(number, frame)

    def show(self, shell: Any, kind: object, error: object, trace: TracebackType, **options: object) -> None:
        """What IPython calls for the interrupt that ended a cell."""
        said = CellInterrupted(render_interrupt(self._faults, self._before or 0))
        shell.showtraceback((CellInterrupted, said, trace))


def watch_cells(journal: CellJournal) -> None:
    """Have this kernel's cells, from the one that runs on, say what was undone when they are interrupted."""
    shell = get_ipython()
    if shell is None:
        return
    journal.begin_cell()
    for earlier in [f for f in shell.events.callbacks["pre_run_cell"] if f.__name__ == CellJournal.begin_cell.__name__]:
        shell.events.unregister("pre_run_cell", earlier)
    shell.events.register("pre_run_cell", journal.begin_cell)
    shell.set_custom_exc((KeyboardInterrupt,), journal.show)


def render_interrupt(faults: Sequence[FaultEvent], before: int) -> str:
    """The sentence, from the cell's events of faults, of which so many came before the interrupt. Pure."""
    over = {event.fault_id for event in faults[:before] if isinstance(event, FaultUndone)}
    recorded = [event for event in faults if isinstance(event, FaultRecorded) and event.fault_id not in over]
    ended = [event for event in faults[before:] if isinstance(event, FaultUndone)]
    undone = {event.fault_id for event in ended} - {event.fault_id for event in ended if not event.confirmed}
    gone = list(_named([event for event in recorded if event.fault_id in undone]))
    left = list(_named([event for event in recorded if event.fault_id not in undone]))
    said = [f"{' and '.join(gone)} {'was' if len(gone) == 1 else 'were'} undone."] if gone else []
    if left:
        said.append(f"{' and '.join(left)} may still be on. Undo it: runbook fault recover -f FILE")
    return f"Interrupted: {' '.join(said) or 'no fault was on. Run the cell again to go on.'}"


def _named(recorded: Sequence[FaultRecorded]) -> Iterator[str]:
    """Each fault with the machines that it hit."""
    hosts: dict[tuple[str, str], list[str]] = {}
    for event in recorded:
        hosts.setdefault((event.fault_id, event.fault), []).append(event.host)
    for (_, fault), names in hosts.items():
        yield f"{fault} on {' and '.join(dict.fromkeys(names))}"
