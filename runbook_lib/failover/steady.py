"""Steady state: both entries and both keepalived run, one holder, the other a BACKUP, and the VIP answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from runbook_lib.checks.verdict import Check, Verdict
from runbook_lib.failover.catalogue import KEEPALIVED_UNIT
from runbook_lib.hosts import Host, OpenSite
from runbook_lib.site import Site

# keepalived logs `(VI_1) Entering BACKUP STATE`; of this boot only: the journal is persistent.
_STATE_COMMAND = (
    "systemctl is-active %s %s; ip -4 -o addr show dev %s; "
    f"journalctl --quiet --boot --output=cat --lines=200 --unit={KEEPALIVED_UNIT} "
    "| grep -o 'Entering [A-Z]* STATE' | tail -n 1"
)


@dataclass(frozen=True)
class NodeState:
    """What one node says of itself."""

    name: str
    openresty: str
    """systemd's word for the unit: active, inactive, failed, activating …"""
    keepalived: str
    holds_vip: bool
    vrrp: str
    """The state that keepalived entered last: MASTER, BACKUP, FAULT; empty before the first."""

    def __str__(self) -> str:
        vip = "holds the VIP" if self.holds_vip else "no VIP"
        vrrp = self.vrrp or "no VRRP state yet"
        return f"{self.name}: OpenResty {self.openresty}, keepalived {self.keepalived}, {vrrp}, {vip}"


def node_state(host: Host, model: Site) -> NodeState:
    """Ask a node, once. Raises HostError."""
    ran = host.run(_STATE_COMMAND, model.openresty.unit, KEEPALIVED_UNIT, model.interface)
    return parse_node_state(host.name, ran.stdout, model.vip_address)


def parse_node_state(name: str, answer: str, vip: str) -> NodeState:
    """The answer: a line for each unit, `ip`'s lines, and the last transition where there was one."""
    lines = answer.splitlines()
    openresty, keepalived = [*lines, "unknown", "unknown"][:2]
    rest = lines[2:]
    holds = any(f" {vip}/" in line for line in rest)
    entered = [line.split()[1] for line in rest if line.startswith("Entering ")]
    return NodeState(name, openresty, keepalived, holds, entered[-1] if entered else "")


def judge_steady(model: Site, master: NodeState, backup: NodeState, entry: str) -> Verdict:
    """PASSED when the pair is as the configuration wants it; else the hint for what is wrong first. Pure.

    `entry`: who answered through the VIP just now; empty: nobody.
    """
    observed = f"{master}; {backup}; the VIP answers from {entry or 'nobody'}"
    wrong = [*_units_wrong(model, master), *_units_wrong(model, backup), *_holder_wrong(model, master, backup, entry)]
    return Verdict.failed(observed, wrong[0]) if wrong else Verdict.passed(observed)


def _units_wrong(model: Site, node: NodeState) -> Iterator[str]:
    if node.openresty != "active":
        yield f"OpenResty on {node.name}: systemctl status {model.openresty.unit}"
    if node.keepalived != "active":
        yield f"keepalived on {node.name}: notebook 07 starts it"
    if node.vrrp == "FAULT":
        yield f"{node.name} is in FAULT: its check script fails, run it there by hand"


def _holder_wrong(model: Site, master: NodeState, backup: NodeState, entry: str) -> Iterator[str]:
    holder, other = (master, backup) if master.holds_vip else (backup, master)
    if master.holds_vip and backup.holds_vip:
        yield "both hold the VIP: the firewall drops VRRP (notebook 04)"
    elif not holder.holds_vip:
        yield "nobody holds the VIP yet: both wait 3A + skew after a start"
    elif model.vrrp.preempt and backup.holds_vip:
        yield f"{master.name} has not taken the VIP back yet: it waits 3A + skew"
    elif other.vrrp != "BACKUP":
        yield f"{other.name} is not BACKUP yet: it can't take over"
    elif entry != holder.name:
        yield f"the VIP doesn't answer from its holder, {holder.name}: notebook 08 looks closer"


def steady_state(site: OpenSite) -> Check:
    """Check `failover.steady-state`: the site is as a fault must find it, and as it must be found again."""

    def observe() -> Verdict:
        master, backup = (node_state(host, site.model) for host in site.nodes)
        return judge_steady(site.model, master, backup, entry_that_answers(site))

    claim = "Both nodes are well, one holds the VIP and answers through it, the other is BACKUP."
    return Check("failover.steady-state", claim, "09", observe)


def entry_that_answers(site: OpenSite) -> str:
    """Who answers `GET /entry` through the VIP (the X-Entry header), asked from the observer; empty: nobody."""
    asker = site.observer or site.backup
    url = f"http://{site.model.vip_address}:{site.model.openresty.port}/entry"
    ran = asker.run("curl --silent --max-time 0.9 --output /dev/null --dump-header - %s", url)
    return parse_entry(ran.stdout)


def parse_entry(headers: str) -> str:
    """The X-Entry header of an answer with status 200."""
    lines = headers.splitlines()
    if not lines or lines[0].split()[1:2] != ["200"]:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.lower().startswith("x-entry:")), "")
