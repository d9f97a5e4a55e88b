"""A demonstration: the chapter's direct rule for VRRP (step 6), and the zone's protocol, by the packets that arrive."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from runbook_lib.chapter.firewall import Firewall, firewall_found, lets_in
from runbook_lib.chapter.vip import vip_holders
from runbook_lib.checks.firewall import PACKETS, vrrp_arrivals
from runbook_lib.checks.verdict import Check, Skipped
from runbook_lib.demonstrations.leaving import undone_on_exit
from runbook_lib.demonstrations.sight import CURE, DEFECT, Sight, judge_sights
from runbook_lib.failover.faults.inject import not_agreed
from runbook_lib.hosts import Host, OpenSite

NAME = "direct-rule"
DISTURBS = "the VIP's holder lets VRRP in by the chapter's rule alone, for some seconds; the VIP stays"
EXPIRES_S = 240.0
RULE = "ipv4 filter INPUT 0 --protocol vrrp -j ACCEPT"
"""Chapter step 6, word by word; at runtime only."""


def show_direct_rule(site: OpenSite) -> tuple[Sight, ...] | Skipped:
    """Count what arrives with the direct rule alone, then with the zone's protocol; the firewall is as before then.

    The receiver is the node that holds the VIP: it waits for nobody's advertisements, so VRRP goes on undisturbed.
    """
    if skipped := not_agreed(site, "demonstrations"):
        return skipped
    holders = vip_holders(site)
    receiver = site.hosts[holders[0]] if holders else site.master
    sender = next(host for host in site.nodes if host is not receiver)
    found = firewall_found(receiver)
    if found is None:
        return Skipped(f"no firewalld runs on {receiver.name}, so there is no direct rule to show")
    has_table = receiver.run("nft list table ip filter").exit_status == 0
    has_rule = receiver.run(f"firewall-cmd --quiet --direct --query-rule {RULE}").exit_status == 0
    undo = render_undo(found, has_filter_table=has_table, has_rule=has_rule)
    with undone_on_exit(site, receiver, NAME, undo, EXPIRES_S):
        return _count_both(site, sender, receiver, found)


def direct_rule_shown(found: Sequence[Sight] | Skipped) -> Check:
    """Check `demonstration.direct-rule`: what arrives is what the firewall's backend makes of either rule."""
    claim = "With firewalld's nftables backend a direct rule lets no VRRP in; the zone's protocol does."
    hint = "Does VRRP arrive at all (vrrp.arrives)? Else `nft list ruleset` shows what accepts, and what drops."
    return Check("demonstration.direct-rule", claim, "04", lambda: judge_sights(found, hint))


def render_undo(found: Firewall, *, has_filter_table: bool, has_rule: bool) -> str:
    """Shell that has VRRP let in, or not, and the direct rule and its table there, or not, as it was found. Pure."""
    before = "add" if lets_in(found.runtime, found.vrrp_rule) else "remove"
    lines = [
        f"firewall-cmd --quiet {shlex.quote(f'--{before}-{found.vrrp_rule}')}",
        f"firewall-cmd --quiet --direct --{'add' if has_rule else 'remove'}-rule {RULE}",
    ]
    if not has_filter_table:  # firewalld made it for the rule, and leaves it behind
        lines.append("! nft list table ip filter >/dev/null 2>&1 || nft delete table ip filter")
    return "\n".join(lines)


def expected_of_direct_rule(backend: str) -> int:
    """How many packets a direct rule lets through: with iptables it is in the zone's own table. Pure."""
    return 0 if backend == "nftables" else PACKETS


def _count_both(site: OpenSite, sender: Host, receiver: Host, found: Firewall) -> tuple[Sight, ...]:
    receiver.run("firewall-cmd --quiet %s", f"--remove-{found.vrrp_rule}").check()
    receiver.run(f"firewall-cmd --quiet --direct --add-rule {RULE}").check()
    by_rule = vrrp_arrivals(site, sender, receiver)
    receiver.run(f"firewall-cmd --quiet --direct --remove-rule {RULE}").check()
    receiver.run("firewall-cmd --quiet %s", f"--add-{found.vrrp_rule}").check()
    by_zone = vrrp_arrivals(site, sender, receiver)

    def told(arrived: int | None) -> str:
        return f"{sender.name} lets none out" if arrived is None else f"{arrived} of {PACKETS} from {sender.name}"

    defect = told(expected_of_direct_rule(found.backend))
    return (
        Sight(DEFECT, f"{receiver.name}: --direct --add-rule {RULE} ({found.backend})", defect, told(by_rule)),
        Sight(CURE, f"{receiver.name}: --add-{found.vrrp_rule}", told(PACKETS), told(by_zone)),
    )
