"""The machines of the site before anything is done to them (table 4.2): release, init, disk, addresses."""

from __future__ import annotations

from dataclasses import dataclass

from runbook_lib.chapter.answers import whole_number
from runbook_lib.errors import HostError
from runbook_lib.hosts import Host, OpenSite

PYTHON = "$(command -v python3 || command -v python2 || command -v python)"
"""The Python of whichever machine, in a command line: CentOS 7 has 2 only."""
_FACTS = (
    'id -u; cat /proc/1/comm; ([ ! -r /etc/os-release ] || . /etc/os-release; echo "$PRETTY_NAME"); '
    "df -Pm /var/lib | awk 'NR==2 {print $4}'; ip -4 -o addr show; echo ==; ip -o link show"
)


@dataclass(frozen=True)
class Facts:
    """What a machine says of itself."""

    user_id: int
    init: str
    release: str
    free_mib: int
    """On the disk of /var/lib, where keepalived is built."""
    addresses: tuple[tuple[str, str], ...]
    """Interface and IPv4 address with prefix length."""
    without_carrier: tuple[str, ...]
    """Interfaces whose cable is out."""


def machine_facts(host: Host) -> Facts:
    """Ask a machine for its facts; raises HostError when it can't be reached."""
    return parse_facts(host.run(_FACTS.replace("%", "%%"), shown="look at the machine").check().stdout)


def parse_facts(said: str) -> Facts:
    """The answer as Facts. Pure."""
    head, _, links = said.partition("==\n")
    user_id, init, release, free, *addresses = [*head.splitlines(), "", "", "", ""]
    user_number, free_mib = whole_number(user_id), whole_number(free)
    if user_number is None or free_mib is None:
        raise HostError("A machine did not say who it is.", "Run `id -u; cat /proc/1/comm; df -Pm /var/lib` there.")
    words = [line.split() for line in addresses]
    away = (line.split() for line in links.splitlines() if "NO-CARRIER" in line)
    out = tuple(w[1].rstrip(":").partition("@")[0] for w in away if len(w) > 1)
    return Facts(user_number, init, release, free_mib, tuple((w[1], w[3]) for w in words if len(w) > 3), out)


@dataclass(frozen=True)
class MachineRow:
    """A machine of the site, for the reader."""

    machine: str
    part: str
    release: str
    addresses: str
    free_mib_for_the_build: int


def machine_rows(site: OpenSite) -> tuple[MachineRow, ...]:
    """What each machine is, and its part in the site. Raises HostError for one that can't be reached."""
    return tuple(_row(machine.name, site) for machine in site.model.machines)


def _row(name: str, site: OpenSite) -> MachineRow:
    model = site.model
    parts = {model.nodes.master.name: "MASTER", model.nodes.backup.name: "BACKUP"}
    other = "observer" if model.observer_machine and name == model.observer_machine.name else "client"
    facts = machine_facts(site.hosts[name])
    addresses = ", ".join(f"{found} on {interface}" for interface, found in facts.addresses if interface != "lo")
    return MachineRow(name, parts.get(name, other), facts.release, addresses, facts.free_mib)
