"""What an interrupted cell says: one sentence, by hand, through papermill and in a run."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import tiny
from jupyter_core.utils import run_sync
from terminal import LISTENING

from runbook_lib.journal import FaultRecorded, FaultUndone, read_journal
from runbook_lib.notebook.interrupted_cell import FaultEvent, render_interrupt
from runbook_lib.notebook.judgement import kept_cells
from runbook_lib.notebook.kernels import Kernel

WITHIN_S = 60
SETUP = """\
import pathlib, time
from runbook_lib.journal import FaultRecorded, FaultUndone
from runbook_lib.notebook.interrupted_cell import CellJournal, watch_cells
folder = pathlib.Path({folder!r})
journal = CellJournal(folder / "journal.jsonl")
watch_cells(journal)
watch_cells(journal)
journal.write(FaultRecorded("f-0", "an-earlier-one", "node128", "", 60))
"""
FAULT = """\
journal.write(FaultRecorded("f-1", "stop-keepalived", "node129", "", 60))
try:
    (folder / "hangs").touch()
    time.sleep(60)
finally:
    time.sleep(undo_s)
    journal.write(FaultUndone("f-1", confirmed=True))
"""
SAID = "Interrupted: stop-keepalived on node129 was undone."


def recorded(name: str, host: str = "node129") -> FaultRecorded:
    return FaultRecorded(f"{name}-1", name, host, "", 60)


def undone(name: str, *, confirmed: bool = True) -> FaultUndone:
    return FaultUndone(f"{name}-1", confirmed=confirmed)


@pytest.mark.parametrize(
    ("faults", "before", "said"),
    [
        ([], 0, "Interrupted: no fault was on. Run the cell again to go on."),
        ([recorded("a"), undone("a")], 2, "Interrupted: no fault was on. Run the cell again to go on."),
        ([recorded("a"), undone("a")], 1, "Interrupted: a on node129 was undone."),
        (
            [recorded("a"), undone("a"), recorded("b"), recorded("b", "node128"), undone("b"), undone("b")],
            4,
            "Interrupted: b on node129 and node128 was undone.",
        ),
        (
            [recorded("a"), recorded("b"), undone("b"), undone("a")],
            2,
            "Interrupted: a on node129 and b on node129 were undone.",
        ),
        (
            [recorded("a"), recorded("a", "node128"), undone("a"), undone("a", confirmed=False)],
            2,
            "Interrupted: a on node129 and node128 may still be on. Undo it: runbook fault recover -f FILE",
        ),
        (
            [recorded("a"), recorded("b"), undone("b")],
            2,
            "Interrupted: b on node129 was undone. "
            "a on node129 may still be on. Undo it: runbook fault recover -f FILE",
        ),
    ],
)
def test_the_sentence_names_what_was_on_when_the_interrupt_came(
    faults: list[FaultEvent], before: int, said: str
) -> None:
    assert render_interrupt(faults, before) == said


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} never came"
        time.sleep(0.02)


def test_by_hand_it_is_one_line_and_later_cells_do_not_run(tmp_path: Path) -> None:
    kernel = Kernel({})
    try:
        client = kernel.manager.client()
        client.start_channels()
        path = tmp_path / "a.ipynb"
        tiny.write(path, "undo_s = 0", SETUP.format(folder=str(tmp_path)), FAULT, "(folder / 'later').touch()")
        sources = ["".join(cell["source"]) for cell in json.loads(path.read_text())["cells"]]
        errors = interrupted(client, kernel, sources, tmp_path / "hangs")
        assert errors == [("CellInterrupted", SAID, [SAID])]
        assert not (tmp_path / "later").exists()
        (tmp_path / "hangs").unlink()
        again = "(folder / 'hangs').touch()\ntime.sleep(60)"
        said = "Interrupted: no fault was on. Run the cell again to go on."
        assert interrupted(client, kernel, [again], tmp_path / "hangs") == [("CellInterrupted", said, [said])]
        client.stop_channels()
    finally:
        kernel.close()


def interrupted(client: object, kernel: Kernel, sources: list[str], hangs: Path) -> list[tuple[str, str, list[str]]]:
    """Run these cells as JupyterLab does, all queued at once, and press its stop button once one hangs; the errors."""
    for source in sources:
        client.execute(source, stop_on_error=True)  # type: ignore[attr-defined]
    wait_for(hangs)
    kernel.interrupt()
    errors = []
    while True:
        message = run_sync(client.get_iopub_msg)(timeout=WITHIN_S)  # type: ignore[attr-defined]
        if message["msg_type"] == "error":
            content = message["content"]
            errors.append((content["ename"], content["evalue"], content["traceback"]))
        if errors and message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
            return errors


def test_through_papermill_by_hand_the_fault_is_undone(tmp_path: Path) -> None:
    """Papermill ends the kernel 5 s after its interrupt; it keeps the sentence when it still hears it."""
    path = tmp_path / "a.ipynb"
    tiny.write(path, "undo_s = 0", SETUP.format(folder=str(tmp_path)), FAULT, "(folder / 'later').touch()")
    argv = [*LISTENING, sys.executable, "-m", "papermill", str(path), str(tmp_path / "out.ipynb")]
    with subprocess.Popen(argv, stdout=-1, stderr=-1, text=True) as papermill:
        wait_for(tmp_path / "hangs")
        papermill.send_signal(signal.SIGINT)
        papermill.communicate(timeout=WITHIN_S)
    assert read_journal(tmp_path / "journal.jsonl")[-1].event == undone("f", confirmed=True)
    errors = [o for cell in kept_cells(tmp_path / "out.ipynb") for o in cell["outputs"] if o["output_type"] == "error"]
    assert [error["traceback"] for error in errors] in ([], [[SAID]])
    assert not (tmp_path / "later").exists()
