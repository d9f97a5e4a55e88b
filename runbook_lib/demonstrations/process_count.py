"""A demonstration: the chapter's test for OpenResty counts processes, ours asks for a page; OpenResty hangs."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from runbook_lib.chapter.answers import whole_number
from runbook_lib.chapter.check_script import render_check_script
from runbook_lib.checks.verdict import Check, Skipped
from runbook_lib.demonstrations.sight import CURE, DEFECT, Shows, Sight, judge_sights
from runbook_lib.errors import HostError
from runbook_lib.failover.faults.catalogue import fault_named
from runbook_lib.failover.faults.inject import injected, not_agreed
from runbook_lib.hosts import Host, OpenSite

FAULT = "freeze-openresty"
DISTURBS = "the BACKUP's OpenResty is frozen for a moment; the VIP stays"
COUNT = "ps -C openresty --no-header | wc -l"
"""The chapter's, from its step 9."""
UP, DOWN = "up", "down"


def show_process_count(site: OpenSite) -> tuple[Sight, ...] | Skipped:
    """Ask both while the BACKUP's OpenResty is well, and while it is frozen; it is thawed then.

    The BACKUP serves nobody. Its keepalived, where it runs, may be in FAULT for a moment.
    """
    if skipped := not_agreed(site, "demonstrations"):
        return skipped
    fault, ours = fault_named(FAULT), render_check_script(site.model.model_copy(update={"check_script": "fixed"}))
    well = (_counted(site.backup, DEFECT, "it is well", UP), _asked(site.backup, ours, CURE, "it is well", UP))
    with injected(site, fault, f"{fault.name}-{secrets.token_hex(4)}", site.backup) as injection:
        injection.apply()
        hangs = (_counted(site.backup, DEFECT, "it hangs", UP), _asked(site.backup, ours, CURE, "it hangs", DOWN))
    return well + hangs


def process_count_shown(found: Sequence[Sight] | Skipped) -> Check:
    """Check `demonstration.process-count`: the chapter's test sees no difference, ours does."""
    claim = "Of an OpenResty that hangs the chapter's test says that it is up, ours that it is down."
    hint = "Is OpenResty running there, under this name (01)?"
    return Check("demonstration.process-count", claim, "06", lambda: judge_sights(found, hint))


def _counted(host: Host, shows: Shows, state: str, expected: str) -> Sight:
    said = host.run(COUNT).check().stdout.strip()
    if (count := whole_number(said)) is None:
        raise HostError(f"{host.name}: `{COUNT}` printed no number.", "Run it there by hand.")
    return Sight(shows, f"{state}: {COUNT}", expected, UP if count else DOWN, f"{count} processes")


def _asked(host: Host, script: str, shows: Shows, state: str, expected: str) -> Sight:
    status = host.run("sh -c %s", script).exit_status
    return Sight(shows, f"{state}: our script", expected, DOWN if status else UP, f"exit status {status}")
