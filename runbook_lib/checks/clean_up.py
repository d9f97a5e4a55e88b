"""Check of notebook 90: nothing of ours is left on the nodes and the observer."""

from __future__ import annotations

from runbook_lib.chapter.clean_up import machines_cleaned, remains_on
from runbook_lib.chapter.vip import holds_vip
from runbook_lib.checks.pair import on_each
from runbook_lib.checks.verdict import Check, Verdict
from runbook_lib.hosts import Host, OpenSite


def nothing_left(site: OpenSite) -> Check:
    """Check `clean-up.nothing-left`: no file, opening or address of ours is on a node or the observer."""
    model = site.model

    def judge(host: Host) -> Verdict:
        return judge_left(remains_on(host, model).parts(model), holds_vip(host, model.vip_address))

    claim = "Nothing of the runbook is left on the nodes and the observer."
    return Check("clean-up.nothing-left", claim, "90", lambda: on_each(machines_cleaned(site), judge))


def judge_left(parts: tuple[str, ...], holds: bool) -> Verdict:
    """FAILED with the names of what is left. Pure."""
    left = (*parts, *(("the VIP",) if holds else ()))
    if left:
        return Verdict.failed(", ".join(left), "Notebook 90 takes it away; the VIP goes when keepalived stops.")
    return Verdict.passed("nothing")
