"""A run that ends otherwise than by a notebook: its bundle is closed all the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from runbook_lib.errors import LabError
from runbook_lib.evidence import NotebookResult, Outcome
from runbook_lib.notebook.run import Attempt, Request, run
from runbook_lib.notebook.runner import NotebookRun
from runbook_lib.notebook.selection import Selection

SITE = """\
site:
  substrate: ssh
  observer: none
  observer_machine: null
  client_machine: null
"""


def ended(folder: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException) -> tuple[int, dict[str, Any]]:
    """Exit status and result.json of a run in which `error` comes up while the machines are looked at."""

    def recover(*given: object) -> None:
        raise error

    monkeypatch.setitem(run.__globals__, "recover", recover)
    (folder / "site.yaml").write_text(SITE)
    status = run(Request(folder / "site.yaml", selection=Selection(only="00"), out=folder / "out"))
    (result,) = (folder / "out").glob("*/result.json")
    return status, json.loads(result.read_text())


def test_a_defect_of_ours_closes_the_bundle_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status, result = ended(tmp_path, monkeypatch, ZeroDivisionError("division by zero"))
    said = "A defect of runbook itself: ZeroDivisionError: division by zero"
    assert (status, result["exit_status"], result["verdict"], result["error"]) == (2, 2, "ERROR", said)
    traceback, _, last = capsys.readouterr().err.rpartition("runbook: ")
    assert last == f"{said}\n"
    assert traceback.startswith("Traceback (most recent call last):\n")
    assert traceback.endswith("\nZeroDivisionError: division by zero\n")


def test_what_we_foresaw_has_no_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status, result = ended(tmp_path, monkeypatch, LabError("Lab 'x' is not running.", "Start it."))
    assert (status, result["verdict"], result["error"]) == (2, "ERROR", "Lab 'x' is not running. Start it.")
    assert capsys.readouterr().err == "runbook: Lab 'x' is not running. Start it.\n"


def test_an_interrupt_is_its_own_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status, result = ended(tmp_path, monkeypatch, KeyboardInterrupt())
    assert (status, result["verdict"], result["error"]) == (130, "INTERRUPTED", "")
    assert capsys.readouterr().err == "runbook: interrupted.\n"


@pytest.mark.parametrize(
    ("verdict", "attempt", "outcome"),
    [
        ("PASSED", Attempt(), "PASSED"),
        ("PASSED", Attempt(error="it broke"), "ERROR"),
        ("FAILED", Attempt(error="it broke"), "ERROR"),
        ("ERROR", Attempt(error="it broke", interrupted=True), "INTERRUPTED"),
    ],
)
def test_the_gravest_of_what_happened_is_the_runs(verdict: str, attempt: Attempt, outcome: str) -> None:
    attempt.done.append(NotebookRun(NotebookResult("00-start-here", Outcome(verdict), 1.0), 0, ""))
    assert attempt.outcome == outcome
