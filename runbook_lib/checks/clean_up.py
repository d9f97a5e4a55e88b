"""Check of notebook 90: nothing of ours is left on the nodes."""

from __future__ import annotations

from runbook_lib.chapter.clean_up import Left, left_on
from runbook_lib.chapter.vip import holds_vip
from runbook_lib.checks.pair import on_both
from runbook_lib.checks.verdict import Check, Verdict
from runbook_lib.hosts import OpenSite


def nothing_left(site: OpenSite) -> Check:
    """Check `clean-up.nothing-left`: no file, opening or address of ours is on a node."""
    model = site.model

    def observe() -> Verdict:
        return on_both(site, lambda host: judge_left(left_on(host, model), holds_vip(host, model.vip_address)))

    return Check("clean-up.nothing-left", "Nothing of the runbook is left on the nodes.", "90", observe)


def judge_left(found: Left, holds: bool) -> Verdict:
    """FAILED with the names of what is left. Pure."""
    left = (*found.parts, *(("the VIP",) if holds else ()))
    if left:
        return Verdict.failed(", ".join(left), "Notebook 90 takes it away; the VIP goes when keepalived stops.")
    return Verdict.passed("nothing")
