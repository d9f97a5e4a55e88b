"""Kernels one step ahead: the next notebook's boots and imports while this one runs."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType

from runbook_lib import signals
from runbook_lib.evidence import Bundle
from runbook_lib.notebook import kernel
from runbook_lib.notebook.kernels import Kernel, remove_orphans
from runbook_lib.notebook.notebook_file import Notebook, imported_modules


class KernelQueue:
    """Leave its `with` block, and no kernel is left."""

    def __init__(self, bundle: Bundle, notebooks: Sequence[Notebook]) -> None:
        self._bundle = bundle
        self._waiting = list(notebooks)
        self._booting: list[Kernel] = []
        self._taken: list[Kernel] = []

    def __enter__(self) -> KernelQueue:
        remove_orphans()
        self._start_next()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with signals.held():
            for started in self._taken + self._booting:
                started.close()

    def take(self) -> Kernel:
        """The kernel of the next notebook in order; the one after it begins to boot."""
        while self._taken:
            self._taken.pop().close()
        if not self._booting:
            self._start_next()
        self._taken.append(self._booting.pop())
        self._start_next()
        return self._taken[0]

    def _start_next(self) -> None:
        if not self._waiting:
            return
        notebook = self._waiting.pop(0)
        environment = {
            kernel.BUNDLE: str(self._bundle.path),
            kernel.RUN_ID: self._bundle.run_id,
            kernel.NOTEBOOK: notebook.number,
        }
        folder = notebook.path.parent  # as in JupyterLab
        self._booting.append(Kernel(environment, warm_up=imported_modules(notebook.path), cwd=folder))
