"""Execute one notebook in a kernel that runs already. The only door to papermill.

papermill's own verdict is not used: on a dead kernel it marks the cells that never ran "completed", and it takes
`sys.exit(0)` for success. What happened is read from the notebook that it leaves (see `judgement`).
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runbook_lib.errors import NotebookError
from runbook_lib.notebook.guard import Guard, Stop
from runbook_lib.notebook.kernels import Kernel

START_WITHIN_S = 120
OnCell = Callable[[int, int], None]
"""Told when a cell begins: its index, and how many cells there are."""
OnPrint = Callable[[str], None]
"""Told what a cell prints, while it goes on."""


class _StoppedError(Exception):
    """The run was interrupted between two cells."""


@dataclass(frozen=True)
class Executed:
    """How papermill's call ended; what the cells did stands in the notebook."""

    stop: Stop
    died: str
    """The kernel's last words when it died; empty: it lived."""
    last_cell: int
    """Index of the last cell that began, in the notebook with its parameters injected."""


def load_papermill() -> None:
    """Import papermill now, while a kernel boots, and silence it: failures are told by us, once."""
    with _without_iri_grammar():
        import papermill.execute  # noqa: F401, PLC0415 - slow: only when a notebook is run
    logger = logging.getLogger("papermill")
    logger.addHandler(logging.NullHandler())
    logger.propagate = False


@contextmanager
def _without_iri_grammar() -> Iterator[None]:
    # jsonschema compiles a grammar for the format `iri` at import, if it can: 2.3 s. A notebook's schema has no IRI.
    missing: Any = None
    known = "rfc3987_syntax" in sys.modules
    if not known:
        sys.modules["rfc3987_syntax"] = missing
    try:
        yield
    finally:
        if not known:
            del sys.modules["rfc3987_syntax"]


def execute(
    notebook: Path,
    output: Path,
    parameters: Mapping[str, object],
    kernel: Kernel,
    *,
    guard: Guard,
    on_cell: OnCell,
    on_print: OnPrint,
) -> Executed:
    """Run `notebook` in `kernel` and keep it as `output`, also when it fails; never raises for what a cell does."""
    load_papermill()
    from nbclient.exceptions import DeadKernelError  # noqa: PLC0415 - slow: comes with papermill
    from papermill.exceptions import PapermillExecutionError  # noqa: PLC0415
    from papermill.execute import execute_notebook  # noqa: PLC0415

    hooks = _Hooks(guard, on_cell)
    died = ""
    try:
        execute_notebook(
            _literal(notebook), _literal(output), dict(parameters),
            kernel_name="python3", language="python", progress_bar=False, start_timeout=START_WITHIN_S,
            km=kernel.manager, raise_on_iopub_timeout=False, on_notebook_start=hooks.notebook_begins,
            on_cell_start=hooks.cell_begins, on_cell_executed=hooks.cell_ends,
            stdout_file=_PrintedTo(on_print),
        )  # fmt: skip
    except (PapermillExecutionError, _StoppedError):
        pass  # the notebook that was kept tells
    except OSError as error:
        raise NotebookError(f"{output} can't be kept: {error.strerror or error}.", "Is the disk full?") from error
    except (DeadKernelError, RuntimeError) as error:  # RuntimeError: it died before it ever answered
        died = kernel.last_words() or str(error)
    finally:
        guard.cell_ends()
    return Executed(guard.stop, died, hooks.last_cell)


def _literal(path: Path) -> str:
    # papermill takes a path for a format string.
    return str(path).replace("{", "{{").replace("}", "}}")


class _Hooks:
    """nbclient's hooks: it calls them with keywords of its own."""

    def __init__(self, guard: Guard, on_cell: OnCell) -> None:
        self.last_cell = -1
        self._guard = guard
        self._on_cell = on_cell
        self._cells = 0

    def notebook_begins(self, notebook: Any) -> None:
        self._cells = len(notebook.cells)

    def cell_begins(self, cell: Any, cell_index: int) -> None:
        if self._guard.stop:
            raise _StoppedError
        self.last_cell = cell_index
        self._on_cell(cell_index, self._cells)
        if cell.cell_type == "code":
            self._guard.cell_begins()

    def cell_ends(self, cell: Any, cell_index: int, execute_reply: Any) -> None:
        self._guard.cell_ends()


@dataclass(frozen=True)
class _PrintedTo:
    """The file to which papermill copies what cells print."""

    write: OnPrint

    def flush(self) -> None:
        """Nothing is held back."""
