"""`runbook run --plan`: what a run would change, with diffs.

Touches no machine of the site; archive and jar are fetched into this one's cache.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from runbook_lib import chapter, failover
from runbook_lib.chapter.change import Change
from runbook_lib.journal import Journal
from runbook_lib.notebook.disturbances import DISTURBS, disturbances
from runbook_lib.notebook.open_site import open_model
from runbook_lib.notebook.preparation import Prepared
from runbook_lib.notebook.reach import require_all
from runbook_lib.notebook.tables import render_count, render_planned


def plan(prepared: Prepared, folder: Path) -> int:
    """Print the changes of every selected notebook's operations; the exit status. Raises HostError or ArtifactError."""
    site = open_model(prepared.model, Journal(None), folder)
    require_all(site)
    if on := failover.left_on(site):
        print(f"first undone, and planned here as it is still on: {', '.join(on)}\n", flush=True)
    planned: list[Change] = []
    moments: list[str] = []
    for notebook in prepared.notebooks:
        operations = [o for o in chapter.OPERATIONS if o.notebook == notebook.number]
        disturbed = disturbances(prepared.model, notebook, prepared.parameters_of(notebook))
        if operations or disturbed:
            print(notebook.name)
        for operation in operations:
            changes = operation.plan(site)
            planned += changes
            # Later steps start from what this one would leave.
            site = replace(site, planned={**site.planned, **{k: v for c in changes for k, v in c.planned.items()}})
            print(render_planned(operation.title, changes), flush=True)
        for line in disturbed:
            print(f"  {line}")
        moments += [line for line in disturbed if line.startswith(DISTURBS)]
    print(render_count(planned, disturbed=bool(moments), undone=len(on)))
    return 0
