"""What became of a notebook: read from the executed notebook and the journal, never from papermill's status."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runbook_lib import errors
from runbook_lib.errors import CheckFailedError
from runbook_lib.evidence import Outcome, worst
from runbook_lib.journal import ChangeMade, CheckJudged, Record
from runbook_lib.notebook.execution import Executed
from runbook_lib.notebook.guard import Stop
from runbook_lib.notebook.interrupted_cell import CellInterrupted
from runbook_lib.outward import masked, outward_values

PENDING = "pending"


@dataclass(frozen=True)
class Ending:
    """How a notebook ended, and why; `why` is empty where the checks tell it."""

    outcome: Outcome
    why: str = ""


def judge_notebook(cells: Sequence[dict[str, Any]], executed: Executed, records: Sequence[Record]) -> Ending:
    """The outcome of a notebook: its cells as they were kept, and the journal's records of it. Pure."""
    if executed.stop is Stop.INTERRUPTED:
        return Ending(Outcome.INTERRUPTED, _what_was_undone(cells))
    if executed.stop is Stop.TIMED_OUT:
        return Ending(Outcome.ERROR, "A cell took longer than its time limit.")
    if executed.died:
        return Ending(Outcome.ERROR, f"The kernel died: {executed.died}.")
    judged = worst([_by_checks(records), *_warnings(records)])
    if (error := _first_error(cells)) is not None:
        return _by_error(error, judged)
    if not all(_ran(cell) for cell in cells):
        return Ending(Outcome.ERROR, "It ended before its last cell, without an error.")
    return Ending(judged)


def _by_checks(records: Iterable[Record]) -> Outcome:
    return worst(Outcome(r.event.verdict) for r in records if isinstance(r.event, CheckJudged))


def _warnings(records: Iterable[Record]) -> list[Outcome]:
    return [Outcome.WARNED for r in records if isinstance(r.event, ChangeMade) and r.event.warning]


def _by_error(error: dict[str, Any], judged: Outcome) -> Ending:
    name, what = str(error.get("ename")), str(error.get("evalue"))
    if name == CheckFailedError.__name__:
        return Ending(judged if judged.exit_status == 1 else Outcome.FAILED, what)
    if name == "SystemExit":
        return Ending(Outcome.ERROR, f"A cell called sys.exit({what}): the cells after it did not run.")
    return Ending(Outcome.ERROR, what if name in vars(errors) else f"{name}: {what}")


def _what_was_undone(cells: Iterable[dict[str, Any]]) -> str:
    """As the interrupted cell says it; one that was killed says nothing."""
    error = _first_error(cells) or {}
    return str(error["evalue"]) if error.get("ename") == CellInterrupted.__name__ else "Interrupted."


def _first_error(cells: Iterable[dict[str, Any]]) -> dict[str, Any] | None:
    outputs = (output for cell in cells for output in cell.get("outputs", ()))
    return next((output for output in outputs if output.get("output_type") == "error"), None)


def _ran(cell: dict[str, Any]) -> bool:
    empty = not "".join(cell["source"]).strip()
    return cell["cell_type"] != "code" or empty or cell.get("execution_count") is not None


def kept_cells(path: Path) -> list[dict[str, Any]]:
    """The cells of an executed notebook as it was kept; none when it was not even begun."""
    cells: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))["cells"] if path.exists() else []
    return cells


def correct_marks(path: Path, executed: Executed, ending: Ending) -> None:
    """Write into the kept notebook what papermill gets wrong or leaves out.

    After a dead kernel the cell that was running carries no error, and cells that never ran are marked "completed":
    a reader months later must see where it ended, and why. A secret that a cell showed is masked.
    """
    if not path.exists():
        return
    notebook = json.loads(path.read_text("utf-8"))
    cells: list[dict[str, Any]] = notebook["cells"]
    for cell in cells:
        if not _ran(cell):
            cell["metadata"].setdefault("papermill", {})["status"] = PENDING
    if ending.outcome in (Outcome.ERROR, Outcome.INTERRUPTED) and _first_error(cells) is None:
        for cell in cells[executed.last_cell : executed.last_cell + 1]:
            if cell["cell_type"] == "code":
                why = {"ename": ending.outcome, "evalue": ending.why, "traceback": [ending.why]}
                cell["outputs"].append({"output_type": "error", **why})
    notebook["metadata"]["runbook"] = {"verdict": ending.outcome, "why": ending.why}
    kept = outward_values(notebook, masked)  # IPython colours its tracebacks by escape sequences
    path.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", "utf-8")
