"""Faults of the network between the nodes: an nft table of our own drops VRRP, whatever the firewall allows. Pure."""

from __future__ import annotations

from runbook_lib.failover.faults.node_commands import NodeCommands
from runbook_lib.site import Site

TABLE = "ip runbook_fault"
MARK = "runbook-fault"
"""The comment of our rules: a table of somebody else's may have the name."""
LOSS_PERCENT = 30
PRIORITY = -300
"""Before firewalld's own chains, and every other filter (netfilter's `raw`)."""


def block_vrrp(site: Site) -> NodeCommands:
    """Every VRRP packet (IP protocol 112) is dropped, those that come and those that go."""
    return _dropping("", f"{_OURS} && ! {_LOSSY}")


def lose_vrrp(site: Site) -> NodeCommands:
    """Each VRRP packet is dropped with a probability of LOSS_PERCENT, whichever way it goes."""
    return _dropping(f"numgen random mod 100 < {LOSS_PERCENT} ", f"{_OURS} && {_LOSSY}")


_OURS = f"nft list table {TABLE} 2>/dev/null | grep -qF {MARK}"
_LOSSY = f"nft list table {TABLE} 2>/dev/null | grep -qF numgen"


def _dropping(when: str, trace: str) -> NodeCommands:
    chains = "; ".join(
        f"add chain {TABLE} {hook} {{ type filter hook {hook} priority {PRIORITY}; }}; "
        f'add rule {TABLE} {hook} ip protocol 112 {when}counter drop comment "{MARK}"'
        for hook in ("input", "output")
    )
    return NodeCommands(
        apply=f"nft 'create table {TABLE}; {chains}'",  # all of it, or nothing where the table is there already
        undo=f"! {_OURS} || nft delete table {TABLE}",
        confirm=f"! {_OURS}",
        before=f"command -v nft >/dev/null && ! nft list table {TABLE} 2>/dev/null",
        refusal=f"has no nft, or has a table {TABLE!r} already",
        confirm_effect=f"nft list table {TABLE} | grep -q 'counter packets [1-9]'",
        trace=trace,
    )
