"""What a node does at this moment, in one look: its daemons, and whether it has the VIP."""

from __future__ import annotations

from dataclasses import dataclass

from runbook_lib.chapter.service import UNIT
from runbook_lib.chapter.vip import parse_holds_vip
from runbook_lib.hosts import Host, OpenSite

LOOK_WITHIN_S = 5.0


@dataclass(frozen=True)
class NodeState:
    """One look at a node."""

    keepalived: str
    """systemd's word for the unit: active, inactive, failed, activating …; empty where there is no systemd."""
    openresty: str
    """The same."""
    holds_vip: bool


def node_state(site: OpenSite, node: Host) -> NodeState:
    """Look once. Raises HostError when the node can't be asked, or is silent for LOOK_WITHIN_S."""
    command = 'for unit in %s %s; do echo "$(systemctl is-active "$unit")"; done; ip -4 -o addr show'
    ran = node.run(command, UNIT, site.model.openresty.unit, timeout_s=LOOK_WITHIN_S)
    return parse_node_state(ran.check().stdout, site.model.vip_address)


def parse_node_state(told: str, vip: str) -> NodeState:
    """A unit's state on each of two lines, then `ip -o addr show`. Pure."""
    keepalived, openresty, *addresses = told.splitlines()
    return NodeState(keepalived, openresty, parse_holds_vip("\n".join(addresses), vip))
