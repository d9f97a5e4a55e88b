"""A demonstration: a check script without `chmod +x`, as chapter step 9 leaves it, and with it."""

from __future__ import annotations

from collections.abc import Sequence

from runbook_lib.chapter.config import render_configuration
from runbook_lib.checks.verdict import Check, Skipped
from runbook_lib.demonstrations.alone import NOBODY, Alone, run_alone
from runbook_lib.demonstrations.sight import CURE, DEFECT, Sight, judge_sights
from runbook_lib.failover.faults.inject import not_agreed
from runbook_lib.hosts import OpenSite

WORDS = "is not executable"
DISABLED = "nobody runs it, keepalived disables it"
RUNS = "root runs it"


def show_not_executable(site: OpenSite) -> tuple[Sight, ...] | Skipped:
    """Run the MASTER's keepalived alone with a script of either mode. Nothing that stands on the node is touched."""
    if skipped := not_agreed(site, "demonstrations"):
        return skipped
    configuration = render_configuration(site.model, site.model.nodes.master)
    tried = ((DEFECT, "mode 644, without chmod +x", "644", DISABLED), (CURE, "mode 755, with chmod +x", "755", RUNS))
    return tuple(
        Sight(shows, what, expected, seen_of(found), found.said(WORDS))
        for shows, what, mode, expected in tried
        for found in (run_alone(site.master, site.model.interface, configuration, mode),)
    )


def seen_of(found: Alone) -> str:
    """Who runs it, and whether keepalived says that it disables it. Pure."""
    if found.run_by != NOBODY:
        return f"{found.run_by} runs it"
    return DISABLED if WORDS in found.log else "nobody runs it"


def not_executable_shown(found: Sequence[Sight] | Skipped) -> Check:
    """Check `demonstration.not-executable`: keepalived disables the one, and runs the other."""
    claim = "keepalived disables a check script that is not executable, and runs one that is."
    hint = "Does keepalived run on this node at all (07)?"
    return Check("demonstration.not-executable", claim, "06", lambda: judge_sights(found, hint))
