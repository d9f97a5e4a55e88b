"""Faults of the network between the nodes: an nft table of our own drops VRRP, whatever the firewall allows. Pure."""

from __future__ import annotations

from runbook_lib.failover.faults.node_commands import NodeCommands
from runbook_lib.site import Site

TABLE = "ip runbook_fault"
LOSS_PERCENT = 30
PRIORITY = -300
"""Before firewalld's own chains, and every other filter (netfilter's `raw`)."""


def block_vrrp(site: Site) -> NodeCommands:
    """Every VRRP packet (IP protocol 112) is dropped, those that come and those that go."""
    return _dropping("")


def lose_vrrp(site: Site) -> NodeCommands:
    """Each VRRP packet is dropped with a probability of LOSS_PERCENT, whichever way it goes."""
    return _dropping(f"numgen random mod 100 < {LOSS_PERCENT} ")


def _dropping(when: str) -> NodeCommands:
    chains = "; ".join(
        f"add chain {TABLE} {hook} {{ type filter hook {hook} priority {PRIORITY}; }}; "
        f"add rule {TABLE} {hook} ip protocol 112 {when}counter drop"
        for hook in ("input", "output")
    )
    there = f"nft list table {TABLE} >/dev/null 2>&1"
    return NodeCommands(
        apply=f"nft 'add table {TABLE}; {chains}'",
        undo=f"! {there} || nft delete table {TABLE}",
        confirm=f"! {there}",
        before="command -v nft",
        needs="nft",
        confirm_effect=f"nft list table {TABLE} | grep -q 'counter packets [1-9]'",
    )
