"""Checks of the machines before anything is done to them: reachable, root, systemd, room, clock, address."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from runbook_lib.checks.pair import worse
from runbook_lib.checks.verdict import Check, Verdict
from runbook_lib.errors import HostError
from runbook_lib.hosts import Host, OpenSite
from runbook_lib.site import Machine

NEED_MIB = 300
CLOCK_S = 1.0
_FACTS = (
    "id -u; cat /proc/1/comm; (. /etc/os-release; echo \"$PRETTY_NAME\"); df -Pm /usr/local | awk 'NR==2 {print $4}'; "
    "ip -4 -o addr show"
)


@dataclass(frozen=True)
class Facts:
    """What a machine says of itself."""

    user_id: int
    init: str
    release: str
    free_mib: int
    """On the disk of /usr/local."""
    addresses: tuple[tuple[str, str], ...]
    """Interface and IPv4 address with prefix length."""


def machine_facts(host: Host) -> Facts:
    """Ask a machine for its facts; raises HostError when it can't be reached."""
    return parse_facts(host.run(_FACTS.replace("%", "%%")).check().stdout)


def parse_facts(said: str) -> Facts:
    """The answer as Facts. Pure."""
    user_id, init, release, free, *addresses = said.splitlines()
    words = [line.split() for line in addresses]
    return Facts(int(user_id), init, release, int(free), tuple((w[1], w[3]) for w in words if len(w) > 3))


@dataclass(frozen=True)
class MachineRow:
    """A machine of the site, for the reader."""

    machine: str
    part: str
    release: str
    addresses: str
    free_on_usr_local: str


def machine_rows(site: OpenSite) -> tuple[MachineRow, ...]:
    """What each machine is, and its part in the site. Raises HostError for one that can't be reached."""
    return tuple(_row(machine.name, site) for machine in site.model.machines)


def _row(name: str, site: OpenSite) -> MachineRow:
    model = site.model
    parts = {model.nodes.master.name: "MASTER", model.nodes.backup.name: "BACKUP"}
    other = "observer" if model.observer_machine and name == model.observer_machine.name else "client"
    facts = machine_facts(site.hosts[name])
    addresses = ", ".join(f"{found} on {interface}" for interface, found in facts.addresses if interface != "lo")
    return MachineRow(name, parts.get(name, other), facts.release, addresses, f"{facts.free_mib} MiB")


def machines_ready(site: OpenSite) -> Check:
    """Check `machines.ready`: every machine answers SSH as root, with systemd, room on its disk, and its address."""

    def observe() -> Verdict:
        return worse((machine.name, _machine(site, machine)) for machine in site.model.machines)

    claim = "Every machine answers SSH as root, runs systemd, has room, and has its address."
    return Check("machines.ready", claim, "00", observe)


def _machine(site: OpenSite, machine: Machine) -> Verdict:
    try:
        facts = machine_facts(site.hosts[machine.name])
    except HostError as error:
        return Verdict.failed(error.what, error.todo)
    is_node = machine.name in (site.model.nodes.master.name, site.model.nodes.backup.name)
    return judge_machine(facts, machine.address, site.model.interface if is_node else "")


def judge_machine(facts: Facts, address: str, interface: str) -> Verdict:
    """FAILED for the first thing lacking; `interface`: where a node must have its address. Pure."""
    if facts.user_id != 0:
        return Verdict.failed(f"user id {facts.user_id}", "Set ssh.user: root, or ssh.sudo: true.")
    if facts.init != "systemd":
        return Verdict.failed(f"its init is {facts.init}", "The runbook needs systemd (CentOS 7 has it).")
    if facts.free_mib < NEED_MIB:
        return Verdict.failed(
            f"{facts.free_mib} MiB free", f"The build needs {NEED_MIB} MiB on the disk of /usr/local."
        )
    where = [name for name, found in facts.addresses if str(ipaddress.IPv4Interface(found).ip) == address]
    if not where:
        return Verdict.failed(f"{address} is not its address", "Is another machine at this SSH address?")
    if interface and interface not in where:
        return Verdict.failed(
            f"{address} is on {where[0]}, not on {interface}", "Correct `interface` in the parameters."
        )
    return Verdict.passed(f"{facts.release}, {facts.free_mib} MiB free, {address} on {where[0]}")


def machines_clocks(site: OpenSite) -> Check:
    """Check `machines.clocks`: the nodes' clocks agree, so that their journals can be laid beside each other."""

    def observe() -> Verdict:
        return judge_clocks({host.name: float(host.run("date +%%s.%%N").check().stdout) for host in site.nodes})

    return Check("machines.clocks", f"The nodes' clocks agree within {CLOCK_S:g} s.", "00", observe)


def judge_clocks(read: dict[str, float]) -> Verdict:
    """WARNED when they are further apart: only the reading of logs suffers. `read` is one after the other. Pure."""
    apart = max(read.values()) - min(read.values())
    if apart > CLOCK_S:
        return Verdict.warned(f"{apart:.1f} s apart", "Run chrony or another NTP client on both.")
    return Verdict.passed(f"{apart:.2f} s apart, the asking included")
