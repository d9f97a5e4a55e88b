"""Tiny notebooks through papermill and real kernels: what each ends with, and what is kept of it."""

from __future__ import annotations

import io
import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import tiny
from caught_signals import caught
from rich.console import Console

from runbook_lib.evidence import Outcome, create_bundle
from runbook_lib.journal import NotebookFinished
from runbook_lib.notebook.judgement import kept_cells
from runbook_lib.notebook.kernel_queue import KernelQueue
from runbook_lib.notebook.notebook_file import Notebook
from runbook_lib.notebook.progress import Progress
from runbook_lib.notebook.runner import NotebookRun, Runner, journal_of


@dataclass
class Run:
    """One run of tiny notebooks."""

    folder: Path
    cell_limit_s: float = 60.0
    grace_s: float = 60.0
    on_cell: Callable[[int], None] = lambda index: None
    printed: list[str] = field(default_factory=list)
    done: list[NotebookRun] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.bundle = create_bundle(self.folder / "outputs", "site: {}\n")

    def __call__(self, *notebooks: Notebook) -> list[NotebookRun]:
        progress = _Watched(self.on_cell, self.printed)
        given = {"site": {"vip": "10.0.0.9/24"}}
        runner = Runner(self.bundle, lambda n: dict(given), progress, self.cell_limit_s, self.grace_s)
        with caught(), KernelQueue(self.bundle, notebooks) as kernels:
            runner.run(notebooks, kernels, self.done)
        return self.done

    def kept(self, name: str) -> list[str]:
        """Each cell's first output, in a word; '' for none."""
        cells = kept_cells(self.bundle.path / f"{name}.ipynb")
        outputs = [(c.get("outputs") or [{}])[0] for c in cells if c["cell_type"] == "code"]
        return [str(o.get("ename") or "".join(o.get("text", ""))) for o in outputs]


class _Watched(Progress):
    def __init__(self, on_cell: Callable[[int], None], printed: list[str]) -> None:
        super().__init__()
        self._on_cell = on_cell
        self._printed = printed

    def cell(self, index: int, cells: int) -> None:
        self._on_cell(index)

    def printed(self, text: str) -> None:
        self._printed.append(text)
        super().printed(text)


def test_they_run_in_order_until_one_fails_and_every_output_is_kept(tmp_path: Path) -> None:
    run = Run(tmp_path)
    notebooks = (
        tiny.save(tmp_path, "01-warned", tiny.judged("WARNED"), "print(site['vip'])"),
        tiny.save(tmp_path, "02-skipped", tiny.judged("SKIPPED")),
        tiny.save(tmp_path, "03-failed", tiny.judged("FAILED"), "print('never')"),
        tiny.save(tmp_path, "04-never", "print('never')"),
    )
    done = run(*notebooks)
    assert [(e.result.name, e.result.verdict) for e in done] == [
        ("01-warned", Outcome.WARNED),
        ("02-skipped", Outcome.SKIPPED),
        ("03-failed", Outcome.FAILED),
    ]
    assert done[2].why == "a.b is FAILED: seen. Do this."
    assert run.kept("01-warned") == ["", "", "", "", "10.0.0.9/24\n"]  # parameters, injected, setup, two cells
    assert run.kept("03-failed") == ["", "", "", "CheckFailedError", ""]
    failed = next(c["outputs"][0] for c in kept_cells(run.bundle.path / "03-failed.ipynb") if c.get("outputs"))
    assert failed["traceback"] == ["CheckFailedError: a.b is FAILED: seen. Do this."]  # one line, no call stack
    assert not (run.bundle.path / "04-never.ipynb").exists()
    finished = [r for r in journal_of(run.bundle) if isinstance(r.event, NotebookFinished)]
    assert [r.context["notebook"] for r in finished] == ["01", "02", "03"]


def test_sys_exit_0_is_no_success(tmp_path: Path) -> None:
    run = Run(tmp_path)
    (executed,) = run(tiny.save(tmp_path, "01-a", tiny.judged("PASSED"), "import sys; sys.exit(0)", "print(1)"))
    assert executed.result.verdict is Outcome.ERROR
    assert executed.why == "A cell called sys.exit(0): the cells after it did not run."


def test_a_dead_kernel_is_an_error_with_its_last_words(tmp_path: Path) -> None:
    run = Run(tmp_path)
    dies = "import sys; print('out of memory', file=sys.__stderr__, flush=True); os._exit(9)"
    (executed,) = run(tiny.save(tmp_path, "01-a", tiny.judged("PASSED"), dies, "print(1)"))
    assert executed.result.verdict is Outcome.ERROR
    assert executed.why == "The kernel died: out of memory."
    assert run.kept("01-a") == ["", "", "", "", "ERROR", ""]


def test_a_cell_over_its_time_is_interrupted_and_may_undo(tmp_path: Path) -> None:
    run = Run(tmp_path, cell_limit_s=5)
    hangs = "import time\ntry:\n    time.sleep(60)\nfinally:\n    (folder / 'undone').touch()"
    (executed,) = run(tiny.save(tmp_path, "01-a", hangs, "print(1)"))
    assert (executed.result.verdict, executed.why) == (Outcome.ERROR, "A cell took longer than its time limit.")
    assert (run.bundle.path / "undone").exists()


def test_an_interrupt_reaches_the_cell_that_runs(tmp_path: Path) -> None:
    def press_when_it_hangs(index: int) -> None:
        if index == 3:
            threading.Thread(target=_signal_once_there, args=(run.bundle.path / "hanging",)).start()

    run = Run(tmp_path, on_cell=press_when_it_hangs)
    hangs = (
        "import time\ntry:\n    (folder / 'hanging').touch()\n    time.sleep(60)\n"
        "finally:\n    (folder / 'undone').touch()"
    )
    begun = time.monotonic()
    (executed,) = run(tiny.save(tmp_path, "01-a", hangs, "print(1)"))
    assert time.monotonic() - begun < 50
    assert (executed.result.verdict, executed.why) == (Outcome.INTERRUPTED, "Interrupted.")
    assert (run.bundle.path / "undone").exists()
    assert run.kept("01-a") == ["", "", "", "KeyboardInterrupt", ""]


def _signal_once_there(path: Path) -> None:
    deadline = time.monotonic() + 30
    while not path.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(os.getpid(), signal.SIGTERM)


def test_what_a_cell_prints_is_shown_while_it_goes_on(tmp_path: Path) -> None:
    said = tmp_path / "said"
    waits = (
        "import time, pathlib\nprint('1 of 2 [x]', flush=True)\n"
        f"while not pathlib.Path({str(said)!r}).exists(): time.sleep(0.05)"
    )
    run = Run(tmp_path, cell_limit_s=20)

    def go_on_once_told() -> None:
        while "1 of 2 [x]\n" not in run.printed:
            time.sleep(0.05)
        said.touch()

    threading.Thread(target=go_on_once_told, daemon=True).start()
    (executed,) = run(tiny.save(tmp_path, "01-a", waits, tiny.judged("PASSED")))
    assert executed.result.verdict is Outcome.PASSED


def test_the_live_line_is_what_was_printed_last() -> None:
    drawn, line = io.StringIO(), "10-compare  cell 8 of 14  2 of 2 [y]"
    progress = Progress(Console(file=drawn, force_terminal=True, width=200))
    deadline = time.monotonic() + 10
    with progress.doing("10-compare"):
        progress.cell(7, 14)
        progress.printed("1 of 2 [x]\n2 of 2 [y]\n")
        while line not in drawn.getvalue() and time.monotonic() < deadline:
            time.sleep(0.05)
    assert line in drawn.getvalue()
