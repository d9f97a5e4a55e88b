"""Execute notebooks one after the other in one process, and stop after the first that does not pass."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from runbook_lib import signals
from runbook_lib.evidence import Bundle, NotebookResult, count_changes
from runbook_lib.journal import Journal, NotebookFinished, Record, read_journal
from runbook_lib.notebook.execution import execute
from runbook_lib.notebook.guard import CELL_LIMIT_S, GRACE_S, Guard
from runbook_lib.notebook.judgement import Ending, correct_marks, judge_notebook, kept_cells
from runbook_lib.notebook.kernel_queue import KernelQueue
from runbook_lib.notebook.kernels import Kernel
from runbook_lib.notebook.notebook_file import Notebook
from runbook_lib.notebook.progress import Progress


@dataclass(frozen=True)
class NotebookRun:
    """One notebook that was executed."""

    result: NotebookResult
    changes: int
    why: str
    """Why it did not pass; empty where it did."""


@dataclass(frozen=True)
class Runner:
    """What every notebook of a run shares."""

    bundle: Bundle
    parameters_of: Callable[[Notebook], dict[str, object]]
    progress: Progress
    cell_limit_s: float = CELL_LIMIT_S
    grace_s: float = GRACE_S

    def run(self, notebooks: tuple[Notebook, ...], kernels: KernelQueue, done: list[NotebookRun]) -> None:
        """Run them in order, each appended to `done` as it ends. Raises NotebookError, KeyboardInterrupt."""
        for notebook in notebooks:
            done.append(self._run_one(notebook, kernels.take()))
            self._say(done[-1])
            if not done[-1].result.verdict.goes_on:
                return

    def _run_one(self, notebook: Notebook, kernel: Kernel) -> NotebookRun:
        begun = time.monotonic()
        with self.progress.doing(notebook.name):
            ending = self._execute(notebook, kernel)
        seconds = round(time.monotonic() - begun, 1)
        changes = count_changes(journal_of(self.bundle), notebook.number)
        self._journal(notebook.number).write(NotebookFinished(notebook.name, ending.outcome, seconds))
        return NotebookRun(NotebookResult(notebook.name, ending.outcome, seconds), changes, ending.why)

    def _say(self, ended: NotebookRun) -> None:
        result = ended.result
        self.progress.notebook_ended(result.name, result.verdict, result.seconds, ended.changes)

    def _execute(self, notebook: Notebook, kernel: Kernel) -> Ending:
        guard = Guard(kernel, limit_s=self.cell_limit_s, grace_s=self.grace_s)
        output = self.bundle.path / notebook.path.name
        parameters = self.parameters_of(notebook)
        with signals.to(guard.interrupt):
            executed = execute(
                notebook.path, output, parameters, kernel,
                guard=guard, on_cell=self.progress.cell, on_print=self.progress.printed,
            )  # fmt: skip
        records = [r for r in journal_of(self.bundle) if r.context.get("notebook") == notebook.number]
        ending = judge_notebook(kept_cells(output), executed, records)
        correct_marks(output, executed, ending)
        return ending

    def _journal(self, number: str) -> Journal:
        return Journal(self.bundle.journal, context={"run_id": self.bundle.run_id, "notebook": number})


def journal_of(bundle: Bundle) -> list[Record]:
    """What the run has journalled so far."""
    return read_journal(bundle.journal) if bundle.journal.exists() else []
