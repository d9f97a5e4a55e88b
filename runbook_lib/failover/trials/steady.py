"""Steady state: both entries and both keepalived run, one holder, the other a BACKUP, and the VIP answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from runbook_lib.chapter.node_state import NodeState, node_state
from runbook_lib.chapter.vip import answer_through_vip
from runbook_lib.checks.verdict import Check, Verdict
from runbook_lib.hosts import OpenSite
from runbook_lib.site import Site


@dataclass(frozen=True)
class PairState:
    """What both nodes say of themselves, and who answers through the VIP."""

    master: NodeState
    backup: NodeState
    entry: str
    """The entry that answered just now; empty: nobody."""

    @property
    def holder(self) -> str:
        """The name of the node that holds the VIP; of two the MASTER's, of none the BACKUP's: see `judge_steady`."""
        return self.master.name if self.master.holds_vip else self.backup.name

    def __str__(self) -> str:
        return f"{self.master}; {self.backup}; the VIP answers from {self.entry or 'nobody'}"


def pair_state(site: OpenSite) -> PairState:
    """Ask both nodes, and for the page through the VIP. Raises HostError."""
    master, backup = (node_state(host, site.model) for host in site.nodes)
    answer = answer_through_vip(site)
    return PairState(master, backup, answer.entry if answer.status == 200 else "")


def judge_steady(model: Site, state: PairState) -> Verdict:
    """PASSED when the pair is as the configuration wants it; else the hint for what is wrong first. Pure."""
    wrong = [*_units_wrong(model, state.master), *_units_wrong(model, state.backup), *_holder_wrong(model, state)]
    return Verdict.failed(str(state), wrong[0]) if wrong else Verdict.passed(str(state))


def steady_state(site: OpenSite) -> Check:
    """Check `failover.steady-state`: the site is as a fault must find it, and as it must be found again."""
    claim = "Both nodes are well, one holds the VIP and answers through it, the other is BACKUP."
    return Check("failover.steady-state", claim, "09", lambda: judge_steady(site.model, pair_state(site)))


def _units_wrong(model: Site, node: NodeState) -> Iterator[str]:
    if node.openresty != "active":
        yield f"OpenResty on {node.name}: systemctl status {model.openresty.unit}"
    if node.keepalived != "active":
        yield f"keepalived on {node.name}: notebook 07 starts it"
    if node.vrrp == "FAULT":
        yield f"{node.name} is in FAULT: its cable is out, or its check script fails (run it there by hand)"


def _holder_wrong(model: Site, state: PairState) -> Iterator[str]:
    master, backup = state.master, state.backup
    standby = backup if master.holds_vip else master
    if master.holds_vip and backup.holds_vip:
        yield "both hold the VIP: the firewall drops VRRP (notebook 04)"
    elif not (master.holds_vip or backup.holds_vip):
        yield "nobody holds the VIP yet: both wait 3A + skew after a start"
    elif model.vrrp.preempt and backup.holds_vip:
        yield f"{master.name} has not taken the VIP back yet: it waits 3A + skew"
    elif standby.vrrp != "BACKUP":
        yield f"{standby.name} is not BACKUP yet: it can't take over"
    elif state.entry != state.holder:
        yield f"the VIP doesn't answer from its holder, {state.holder}: notebook 08 looks closer"
