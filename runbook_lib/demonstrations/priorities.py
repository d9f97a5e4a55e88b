"""A demonstration: which priorities keepalived takes. The chapter says 0-254."""

from __future__ import annotations

from collections.abc import Sequence

from runbook_lib.chapter.config import render_configuration
from runbook_lib.chapter.service import BINARY
from runbook_lib.checks.verdict import Check, Skipped
from runbook_lib.demonstrations.leaving import IN_A_FOLDER
from runbook_lib.demonstrations.sight import CURE, DEFECT, Shows, Sight, judge_sights
from runbook_lib.failover.faults.inject import not_agreed
from runbook_lib.hosts import OpenSite

RANGE = "must be between 1 & 255"
REFUSED, TAKEN = "refused", "taken"
_TEST = IN_A_FOLDER + 'cat >conf; %s -t -f "$t/conf"'


def show_priorities(site: OpenSite) -> tuple[Sight, ...] | Skipped:
    """`keepalived -t` on the MASTER's configuration with 0, 1, 255 and 256, in a temporary folder."""
    if skipped := not_agreed(site, "demonstrations"):
        return skipped
    tried = ((DEFECT, 0, REFUSED), (DEFECT, 255, TAKEN), (CURE, 1, TAKEN), (CURE, 256, REFUSED))
    return tuple(_tried(site, *what) for what in tried)


def priorities_shown(found: Sequence[Sight] | Skipped) -> Check:
    """Check `demonstration.priorities`: 1-255 are taken, and nothing beside them."""
    claim = "keepalived takes the priorities 1-255, and neither 0, which the chapter allows, nor 256."
    hint = f"See what the node's {BINARY} -t says of it."
    return Check("demonstration.priorities", claim, "05", lambda: judge_sights(found, hint))


def parse_tested(said: str) -> tuple[str, str]:
    """What keepalived made of it, and its words without file and line. Pure."""
    words = next((line for line in said.splitlines() if RANGE in line), "")
    return (REFUSED, words.rpartition("Line ")[2].partition(") ")[2]) if words else (TAKEN, "")


def _tried(site: OpenSite, shows: Shows, priority: int, expected: str) -> Sight:
    node = site.model.nodes.master.model_copy(update={"priority": priority})
    ran = site.master.run(_TEST, BINARY, stdin=render_configuration(site.model, node).encode())
    return Sight(shows, f"priority {priority}", expected, *parse_tested(ran.stderr + ran.stdout))
