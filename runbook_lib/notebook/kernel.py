"""This kernel: where the runner told it to write, and the one site that it has open."""

from __future__ import annotations

import os
from pathlib import Path

from runbook_lib.errors import NotebookError
from runbook_lib.hosts import OpenSite
from runbook_lib.notebook.repository import BY_HAND, OUTPUTS, repository_top

BUNDLE = "RUNBOOK_BUNDLE"
RUN_ID = "RUNBOOK_RUN_ID"
NOTEBOOK = "RUNBOOK_NOTEBOOK"
"""Environment of a kernel that `runbook run` starts."""

_open: list[OpenSite] = []


def writing_folder() -> Path:
    """The run's bundle; by hand (JupyterLab, plain papermill) a folder of its own."""
    bundle = os.environ.get(BUNDLE)
    return Path(bundle) if bundle else repository_top() / OUTPUTS / BY_HAND


def journal_context() -> dict[str, str]:
    """What every event of this kernel says of where it comes from."""
    return {"run_id": os.environ.get(RUN_ID, BY_HAND), "notebook": os.environ.get(NOTEBOOK, "")}


def use(site: OpenSite) -> OpenSite:
    """From now on this is the kernel's site: `verify` journals there without being handed it."""
    _open[:] = [site]
    return site


def current_site() -> OpenSite:
    """The kernel's site. Raises NotebookError when its setup cell has not run."""
    if not _open:
        raise NotebookError("No site is open in this kernel.", "Run the setup cell first: site = open_site(site)")
    return _open[0]
