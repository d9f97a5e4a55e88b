"""Chapter steps 11 and 12 for a reader: `service keepalived status` and `ip addr` of both nodes as tables."""

from __future__ import annotations

import re
from dataclasses import dataclass

from runbook_lib.chapter.answers import whole_number
from runbook_lib.chapter.service import UNIT, service_state
from runbook_lib.hosts import Host, OpenSite

# Of this boot only: the journal is persistent.
LOG_COMMAND = "journalctl --quiet --boot --output=cat --unit=%s | grep -E 'Starting Keepalived|Entering [A-Z]+ STATE'"


@dataclass(frozen=True)
class NodeStatus:
    """keepalived on one node."""

    node: str
    unit: str
    """systemd's word: active, inactive, failed."""
    since: str
    main_pid: int
    vrrp: str
    """The state that it entered last: MASTER, BACKUP or FAULT; empty before the first."""


@dataclass(frozen=True)
class Address:
    """One IPv4 address of a node."""

    node: str
    interface: str
    address: str
    what: str
    """Whether it is the VIP."""


@dataclass(frozen=True)
class Process:
    """One process of an entry."""

    node: str
    pid: int
    name: str
    """As `ps -C` knows it."""
    unit: str
    """The systemd unit that it belongs to."""
    command: str


def entry_processes(site: OpenSite) -> tuple[Process, ...]:
    """The processes that the chapter's check script counts (`ps -C openresty`), on both nodes; none is an answer."""
    listing = "ps -C openresty -o pid= -o unit= -o comm= -o args="
    return tuple(row for host in site.nodes for row in parse_processes(host.name, host.run(listing).stdout))


def parse_processes(node: str, listing: str) -> tuple[Process, ...]:
    """`ps`'s lines as rows. Pure."""
    words = [line.split(maxsplit=3) for line in listing.splitlines()]
    return tuple(
        Process(node, pid, w[2], w[1], w[3])
        for w in words
        if len(w) > 3 and w[3] != "<defunct>" and (pid := whole_number(w[0])) is not None
    )


def keepalived_status(site: OpenSite) -> tuple[NodeStatus, ...]:
    """What each node says of its keepalived (chapter step 12)."""
    return tuple(_status(host) for host in site.nodes)


def _status(host: Host) -> NodeStatus:
    state = service_state(host)
    said = host.run(LOG_COMMAND, UNIT).stdout if state.main_pid else ""
    return NodeStatus(host.name, state.active, state.since, state.main_pid, parse_vrrp_state(said))


def parse_vrrp_state(log: str) -> str:
    """The state that keepalived entered last, since its last start: `(VI_1) Entering BACKUP STATE (init)`. Pure."""
    since_start = log.rpartition("Starting Keepalived ")[2]
    entered = re.findall(r"\) Entering ([A-Z]+) STATE", since_start)
    return entered[-1] if entered else ""


def addresses(site: OpenSite) -> tuple[Address, ...]:
    """Every IPv4 address of both nodes but loopback's (the chapter's `ip addr`)."""
    found = ((host.name, host.run("ip -4 -o addr show scope global").check().stdout) for host in site.nodes)
    return tuple(row for name, shown in found for row in parse_addresses(name, shown, site.model.vip_address))


def parse_addresses(node: str, shown: str, vip: str) -> tuple[Address, ...]:
    """`ip -o addr show`'s lines as rows. Pure."""
    words = (line.split() for line in shown.splitlines())
    return tuple(
        Address(node, w[1], w[3], "the VIP" if w[3].partition("/")[0] == vip else "") for w in words if len(w) > 3
    )
