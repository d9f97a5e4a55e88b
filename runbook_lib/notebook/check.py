"""`runbook check`: every check, once, read-only."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from runbook_lib import signals
from runbook_lib.evidence import Outcome, worst
from runbook_lib.journal import Journal
from runbook_lib.notebook.open_site import open_model
from runbook_lib.notebook.preparation import prepare
from runbook_lib.notebook.reach import unreachable, without
from runbook_lib.notebook.repository import OUTPUTS, repository_top
from runbook_lib.notebook.selection import Selection
from runbook_lib.notebook.standing import every_check, observe_all
from runbook_lib.notebook.tables import render_checks, render_checks_json


def check(file: Path, overrides: Sequence[str], *, as_json: bool) -> int:
    """Print every check's verdict; the exit status. Raises ParameterError or LabError when nothing can be asked."""
    top = repository_top()
    site = open_model(prepare(file, overrides, Selection(), top).model, Journal(None), top / OUTPUTS)
    lost = unreachable(site)
    every = every_check(without(site, lost))
    verdicts = list(zip(every, observe_all(every), strict=True))
    with signals.unheard():  # nothing is left to be interrupted
        print(render_checks_json(verdicts) if as_json else render_checks(verdicts))
        for error in lost.values():
            print(f"runbook: {error}", file=sys.stderr)
    judged = worst(Outcome(verdict.status) for _, verdict in verdicts)
    return (Outcome.ERROR if lost else judged).exit_status
