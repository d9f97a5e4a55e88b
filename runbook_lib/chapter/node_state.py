"""What a node says of itself, in one look: its daemons, its VRRP state, and whether it holds the VIP."""

from __future__ import annotations

from dataclasses import dataclass

from runbook_lib.chapter.service import UNIT
from runbook_lib.chapter.status import LOG_COMMAND, parse_vrrp_state
from runbook_lib.chapter.vip import parse_holds_vip
from runbook_lib.hosts import Host
from runbook_lib.site import Site

# A line for each unit, whatever systemctl prints: nothing, where systemd can't be asked.
_COMMAND = (
    f'for unit in %s %s; do echo "$(systemctl is-active "$unit")"; done; ip -4 -o addr show dev %s; {LOG_COMMAND}'
)


@dataclass(frozen=True)
class NodeState:
    """One look at a node."""

    name: str
    openresty: str
    """systemd's word for the unit: active, inactive, failed, activating …, or unknown."""
    keepalived: str
    holds_vip: bool
    vrrp: str
    """What keepalived entered last: MASTER, BACKUP, FAULT; empty before the first state, and where it doesn't run."""

    def __str__(self) -> str:
        return f"{self.name}: OpenResty {self.openresty}, keepalived {self.keepalived}, {self.place}"

    @property
    def place(self) -> str:
        """Its place in the pair, in words: VRRP state and VIP."""
        vip = "holds the VIP" if self.holds_vip else "no VIP"
        return f"{self.vrrp or ('no VRRP state yet' if self.keepalived == 'active' else 'no VRRP state')}, {vip}"


def node_state(host: Host, model: Site) -> NodeState:
    """Ask a node, once. Raises HostError."""
    ran = host.run(_COMMAND, model.openresty.unit, UNIT, model.interface, UNIT)
    return parse_node_state(host.name, ran.stdout, model.vip_address)


def parse_node_state(name: str, answer: str, vip: str) -> NodeState:
    """The answer: a line for each unit, `ip`'s lines, and keepalived's log. Pure."""
    lines = answer.splitlines()
    openresty, keepalived = (line or "unknown" for line in [*lines, "", ""][:2])
    rest = lines[2:]
    holds = parse_holds_vip("\n".join(line for line in rest if " inet " in line), vip)
    vrrp = parse_vrrp_state("\n".join(rest)) if keepalived == "active" else ""
    return NodeState(name, openresty, keepalived, holds, vrrp)
