"""A notebook's outcome comes from its cells and the journal, never from papermill's status."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from runbook_lib.evidence import Outcome
from runbook_lib.journal import ChangeMade, CheckJudged, Event, Record
from runbook_lib.notebook.execution import Executed
from runbook_lib.notebook.guard import Stop
from runbook_lib.notebook.judgement import Ending, correct_marks, judge_notebook, kept_cells
from runbook_lib.outward import Secret, protect

WHOLE = Executed(Stop.NOT, died="", last_cell=1)


def cell(source: str = "x", count: int | None = 1, *, error: tuple[str, str] | None = None) -> dict[str, Any]:
    outputs = [{"output_type": "error", "ename": error[0], "evalue": error[1], "traceback": []}] if error else []
    metadata = {"papermill": {"status": "completed"}}
    return {
        "cell_type": "code", "source": source, "execution_count": count, "outputs": outputs, "metadata": metadata
    }  # fmt: skip


def record(event: Event) -> Record:
    return Record("2024-01-01T00:00:00+00:00", 0.0, type(event).__name__, {"notebook": "05"}, event)


def judged(*verdicts: str) -> list[Record]:
    return [record(CheckJudged("a.b", "It is so.", verdict, "seen", "", 0.0)) for verdict in verdicts]


@pytest.mark.parametrize(
    ("verdicts", "outcome"),
    [
        ([], Outcome.PASSED),
        (["PASSED", "PASSED"], Outcome.PASSED),
        (["SKIPPED"], Outcome.SKIPPED),
        (["SKIPPED", "PASSED"], Outcome.PASSED),
        (["WARNED", "PASSED"], Outcome.WARNED),
        (["PASSED", "FAILED"], Outcome.FAILED),
        (["UNKNOWN"], Outcome.UNKNOWN),
    ],
)
def test_a_notebook_that_ran_whole_is_what_its_checks_say(verdicts: list[str], outcome: Outcome) -> None:
    assert judge_notebook([cell(), cell()], WHOLE, judged(*verdicts)) == Ending(outcome)


def test_a_change_with_a_warning_warns() -> None:
    change = record(ChangeMade("node128", "build", "absent", (), "", "2.2.7 stands in for 2.1.5", 3.0))
    assert judge_notebook([cell()], WHOLE, [change]).outcome is Outcome.WARNED


@pytest.mark.parametrize(
    ("error", "verdicts", "ending"),
    [
        (("CheckFailedError", "a.b is FAILED: seen"), ["FAILED"], Ending(Outcome.FAILED, "a.b is FAILED: seen")),
        (("CheckFailedError", "a.b is UNKNOWN: ?"), ["UNKNOWN"], Ending(Outcome.UNKNOWN, "a.b is UNKNOWN: ?")),
        (("CheckFailedError", "raised by hand"), [], Ending(Outcome.FAILED, "raised by hand")),
        (("HostError", "node128: no. Do this."), ["PASSED"], Ending(Outcome.ERROR, "node128: no. Do this.")),
        (("ZeroDivisionError", "by zero"), ["PASSED"], Ending(Outcome.ERROR, "ZeroDivisionError: by zero")),
        (
            ("SystemExit", "0"),
            ["PASSED"],
            Ending(Outcome.ERROR, "A cell called sys.exit(0): the cells after it did not run."),
        ),
    ],
)
def test_an_error_in_a_cell(error: tuple[str, str], verdicts: list[str], ending: Ending) -> None:
    cells = [cell(), cell(error=error), cell(count=None)]
    assert judge_notebook(cells, WHOLE, judged(*verdicts)) == ending


def test_a_check_that_failed_counts_though_the_cell_went_on() -> None:
    assert judge_notebook([cell()], WHOLE, judged("FAILED", "PASSED")).outcome is Outcome.FAILED


def test_a_cell_that_never_ran_is_no_success() -> None:
    ending = Ending(Outcome.ERROR, "It ended before its last cell, without an error.")
    assert judge_notebook([cell(), cell(count=None)], WHOLE, judged("PASSED")) == ending
    assert judge_notebook([cell(), cell(source=" \n", count=None)], WHOLE, []).outcome is Outcome.PASSED


@pytest.mark.parametrize(
    ("executed", "ending"),
    [
        (Executed(Stop.NOT, "oom", 1), Ending(Outcome.ERROR, "The kernel died: oom.")),
        (Executed(Stop.INTERRUPTED, "", 1), Ending(Outcome.INTERRUPTED, "Interrupted.")),
        (Executed(Stop.INTERRUPTED, "killed", 1), Ending(Outcome.INTERRUPTED, "Interrupted.")),
        (Executed(Stop.TIMED_OUT, "", 1), Ending(Outcome.ERROR, "A cell took longer than its time limit.")),
    ],
)
def test_stopped_from_outside(executed: Executed, ending: Ending) -> None:
    assert judge_notebook([cell(), cell(error=("KeyboardInterrupt", ""))], executed, judged("PASSED")) == ending


def test_an_interrupted_cell_says_itself_what_was_undone() -> None:
    cells = [cell(), cell(error=("CellInterrupted", "Interrupted: a on node129 was undone."))]
    ending = Ending(Outcome.INTERRUPTED, "Interrupted: a on node129 was undone.")
    assert judge_notebook(cells, Executed(Stop.INTERRUPTED, "", 1), []) == ending


def test_the_kept_notebook_says_where_it_ended(tmp_path: Path) -> None:
    path = tmp_path / "05-a.ipynb"
    path.write_text(json.dumps({"cells": [cell(), cell(count=None), cell(count=None)], "metadata": {}}))
    correct_marks(path, Executed(Stop.NOT, "oom", 1), Ending(Outcome.ERROR, "The kernel died: oom."))
    done, running, never = kept_cells(path)
    assert (done["outputs"], never["outputs"]) == ([], [])
    assert running["outputs"][0]["evalue"] == "The kernel died: oom."
    assert [c["metadata"]["papermill"]["status"] for c in (done, running, never)] == ["completed", "pending", "pending"]


def test_a_secret_in_a_kept_output_is_masked(tmp_path: Path) -> None:
    protect(Secret('pa"ss'))
    path = tmp_path / "05-a.ipynb"
    path.write_text(json.dumps({"cells": [cell(error=("ValueError", '\x1b[31msudo said pa"ss'))], "metadata": {}}))
    correct_marks(path, WHOLE, Ending(Outcome.ERROR, "ValueError"))
    assert kept_cells(path)[0]["outputs"][0]["evalue"] == "\x1b[31msudo said •••"


def test_a_notebook_that_was_never_begun_has_no_cells(tmp_path: Path) -> None:
    assert kept_cells(tmp_path / "none.ipynb") == []
