"""`runbook predict`: the outage table of any two keepalived.conf files, without a lab and without a node."""

from __future__ import annotations

import sys

from runbook_lib.checks.config_findings import Level
from runbook_lib.checks.config_linter import lint
from runbook_lib.errors import ParameterError
from runbook_lib.failover.theory.pair import Pair
from runbook_lib.notebook.lint import read_pair
from runbook_lib.notebook.pair_tables import render_predictions, render_predictions_json


def predict_files(file_a: str, file_b: str, *, as_json: bool) -> int:
    """Print what each fault should cost; 0. Raises ParameterError for files that can't be parsed or share nothing."""
    first, second = read_pair(file_a, file_b)
    pairs = Pair.of_files(first, second)
    if not pairs:
        what = f"{first.name} and {second.name} have no vrrp_instance in common."
        raise ParameterError(what, "Name the files of the two nodes that share a VIP.")
    wrong = [finding for finding in lint(first, second) if finding.level is Level.ERROR]
    if wrong:
        what = f"{len(wrong)} error{'s' if len(wrong) > 1 else ''} in this pair"
        why = f"`runbook lint {file_a} {file_b}` finds {what}: it will not behave as predicted."
        print(f"runbook: {why}", file=sys.stderr)
    print(render_predictions_json(pairs) if as_json else render_predictions(pairs))
    return 0
