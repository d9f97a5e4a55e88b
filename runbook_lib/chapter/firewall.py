"""The chapter's note on ports, and step 6: let HTTP, Nacos and VRRP through firewalld, at once and at every boot.

The chapter adds a direct rule for VRRP. On the nftables backend (EL 8 and newer, Debian) a packet that a direct rule
accepts is still dropped by the zone; a protocol of the zone is accepted on both backends. Only firewalld is changed:
where other rules filter, the checks say by which command they let it in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from runbook_lib.chapter.answers import whole_number
from runbook_lib.chapter.change import Change, Command
from runbook_lib.chapter.operation import operation
from runbook_lib.chapter.ownership import STATE
from runbook_lib.chapter.packet_filter import InputChain, packet_filters
from runbook_lib.errors import HostError
from runbook_lib.hosts import Host, OpenSite, quote
from runbook_lib.site import Site

VRRP = "vrrp"
RECORD = f"{STATE}/firewall-openings"
"""On each node: what we let in and was not let in before, one a line, so that notebook 90 closes that and no more."""
RICH_VRRP = 'rule protocol value="vrrp" accept'
PROTOCOLS_SINCE = (0, 4, 0)
"""firewalld's first version with --add-protocol; CentOS 7.0 has 0.3.9."""


@dataclass(frozen=True)
class Zone:
    """What a zone lets in: `80/tcp`, `vrrp`, rich rules."""

    ports: frozenset[str] = frozenset()
    protocols: frozenset[str] = frozenset()
    rich_rules: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return ", ".join(sorted(self.ports | self.protocols | self.rich_rules)) or "nothing by port or protocol"


@dataclass(frozen=True)
class Firewall:
    """firewalld on a host: what its default zone lets in now, and what after the next boot."""

    version: tuple[int, ...]
    backend: str
    """nftables or iptables."""
    runtime: Zone
    permanent: Zone

    @property
    def vrrp_rule(self) -> str:
        """The option's stem and value that lets VRRP in on this version: `protocol=vrrp`."""
        return f"protocol={VRRP}" if self.version >= PROTOCOLS_SINCE else f"rich-rule={RICH_VRRP}"


# As few calls as can be: each starts a Python. The first fails where firewalld is absent (127) or does not run (252).
_PROBE = (
    "version=$(firewall-cmd --version 2>/dev/null) || exit 3; echo $version; "
    "sed -n 's/^FirewallBackend *= *//p' /etc/firewalld/firewalld.conf | tail -n 1; "
    "echo ==; firewall-cmd --list-all && echo == && firewall-cmd --permanent --list-all"
)


# firewalld empties a zone's file before it writes it, and on a full disk leaves it so: at the next boot all that the
# zone let in, not by us alone, would be gone. So there must be room first.
_ROOM = (
    "cd /etc/firewalld/zones && t=$(mktemp room.XXXXXX) && "
    "{ head -c 65536 /dev/zero >$t; s=$?; rm -f $t; [ $s -eq 0 ]; }"
)


def firewall_found(host: Host) -> Firewall | None:
    """firewalld as it is on a host; None where it is not installed, or does not run."""
    # 3: no firewalld, or one that is stopped.
    probed = host.run(_PROBE).check(normal=(0, 3))
    return parse_firewall(probed.stdout) if probed.exit_status == 0 else None


def parse_firewall(probed: str) -> Firewall:
    """The probe's answer as a Firewall. Pure."""
    head, _, zones = probed.partition("==\n")
    runtime, separator, permanent = zones.partition("==\n")
    version, *rest = head.split() or [""]
    if not separator:
        raise HostError("firewalld did not list its zone twice.", "Run `firewall-cmd --list-all` there.")
    return Firewall(
        version=tuple(n for part in version.split(".") if (n := whole_number(part)) is not None),
        backend=rest[0] if rest else "iptables",  # versions before 0.6 know no other, and do not say
        runtime=_parse_zone(runtime),
        permanent=_parse_zone(permanent),
    )


def _parse_zone(listing: str) -> Zone:
    """`--list-all` of the default zone; what a version does not list, it does not know."""
    values = {key.strip(): value for key, _, value in (line.partition(":") for line in listing.splitlines())}
    rules = listing.partition("  rich rules:")[2].splitlines()[1:]
    return Zone(
        frozenset(values.get("ports", "").split()),
        frozenset(values.get("protocols", "").split()),
        frozenset(rule.strip() for rule in rules if rule.startswith("\t")),
    )


@dataclass(frozen=True)
class FirewallRow:
    """The firewall of one node, for the reader."""

    node: str
    firewall: str
    lets_in_now: str
    lets_in_after_a_reboot: str


def firewalls(site: OpenSite) -> tuple[FirewallRow, ...]:
    """Which firewall each node has, and what it lets in by port, protocol or rich rule."""
    return tuple(_row(host) for host in site.nodes)


def _row(host: Host) -> FirewallRow:
    node, found = host.name, firewall_found(host)
    if found is None and (filters := packet_filters(host, beside_firewalld=False)):
        return FirewallRow(node, _named(filters), "what its rules say", "what is loaded at boot")
    if found is None:
        return FirewallRow(node, "none runs", "everything", "everything")
    version = ".".join(str(part) for part in found.version)
    return FirewallRow(node, f"firewalld {version} ({found.backend})", str(found.runtime), str(found.permanent))


def lacking(found: Firewall, openings: Sequence[str]) -> tuple[str, ...]:
    """Which openings are not let in both now and after the next boot. Pure."""
    return tuple(o for o in openings if not (lets_in(found.runtime, o) and lets_in(found.permanent, o)))


def plan_openings(host: str, found: Firewall, openings: Sequence[str], title: str) -> Change:
    """Let in what is lacking, at runtime and permanently; an opening is `port=80/tcp` or `protocol=vrrp`. Pure."""
    commands = tuple(
        add(opening)
        for opening in openings
        for add, zone in ((_add_permanently, found.permanent), (_add, found.runtime))
        if not lets_in(zone, opening)
    )
    if not commands:
        return Change.none(host, f"the firewall ({found.backend}) lets it in already")
    ours = [opening for opening in openings if not lets_in(found.permanent, opening)]
    commands = (*(_record(opening) for opening in ours), *commands)
    return Change(host, title, commands, f"the firewall ({found.backend}) drops it", "firewall-cmd --list-all")


def plan_without_firewalld(host: str, filters: Sequence[InputChain]) -> Change:
    """No change: nothing is in the way, or rules that are somebody else's. Pure."""
    if filters:
        return Change.none(host, f"no firewalld runs here; not ours to change: {_named(filters)}")
    return Change.none(host, "no firewalld runs here, and nothing else drops what comes in")


def _named(filters: Sequence[InputChain]) -> str:
    return " and ".join(str(chain) for chain in filters)


# Not with --quiet: it would leave out the reason of a failure, too.
def _add(opening: str) -> Command:
    return Command("firewall-cmd %s", (f"--add-{opening}",))


def _add_permanently(opening: str) -> Command:
    add = f"--add-{opening}"
    shown = quote("firewall-cmd --permanent %s", add)
    return Command(f"{_ROOM} && firewall-cmd --permanent %s", (add,), shown=shown)


def _record(opening: str) -> Command:
    # The shell's own printf calls a full disk an I/O error.
    command = "mkdir -p %s && env printf '%%s\\n' %s >>%s"
    values = (STATE, opening, RECORD)
    return Command(command, values, shown=f"note in {RECORD} that {opening} is ours")


def recorded_openings(host: Host) -> frozenset[str]:
    """What is noted on a host as let in by us: `port=80/tcp`, `protocol=vrrp`. Another node's word: compare it."""
    return frozenset((host.read_text(RECORD) or "").splitlines())


def possible_openings(site: Site, node: str) -> tuple[str, ...]:
    """All that notebooks 01 and 04 let in on a node with these parameters. Pure."""
    ports = wanted_ports(site, node) if node in {n.name for n in site.nodes.pair} else ()
    return (*port_openings(ports), f"protocol={VRRP}", f"rich-rule={RICH_VRRP}")


def lets_in(zone: Zone, opening: str) -> bool:
    """Whether a zone has an opening, `port=80/tcp` or `protocol=vrrp`. Pure."""
    kind, _, value = opening.partition("=")
    return value in {"port": zone.ports, "protocol": zone.protocols, "rich-rule": zone.rich_rules}[kind]


def wanted_ports(site: Site, node: str) -> tuple[str, ...]:
    """The TCP ports that the site needs open on this node: the entry's, and those of its members. Pure."""
    address = next(n.address for n in site.nodes.pair if n.name == node)
    members = (member.rpartition(":")[::2] for member in site.nacos.members)
    return (f"{site.openresty.port}/tcp", *(f"{port}/tcp" for host, port in members if host == address))


@operation("01", "Open the ports of OpenResty and Nacos")
def open_ports(site: OpenSite) -> tuple[Change, ...]:
    """80 on both nodes, the members' ports where they are (the chapter's note about firewalls)."""
    return tuple(_plan_ports(host, wanted_ports(site.model, host.name)) for host in site.nodes)


def _plan_ports(host: Host, ports: tuple[str, ...]) -> Change:
    found = firewall_found(host)
    if found is None:
        return plan_without_firewalld(host.name, packet_filters(host, beside_firewalld=False))
    return plan_openings(host.name, found, port_openings(ports), f"open {', '.join(ports)}")


def port_openings(ports: Sequence[str]) -> tuple[str, ...]:
    """Ports as openings: `port=80/tcp`. Pure."""
    return tuple(f"port={port}" for port in ports)


def firewalld_is_enabled(host: Host) -> bool:
    """Whether firewalld starts at the next boot, also where it does not run now."""
    # 1: disabled or masked; 1 or 4, by systemd's version: not installed.
    return host.run("systemctl is-enabled firewalld").stdout.strip() == "enabled"


@operation("04", "Let VRRP through the firewall")
def allow_vrrp(site: OpenSite) -> tuple[Change, ...]:
    """IP protocol 112 on both nodes (chapter step 6), by a rule that works on both backends."""
    return tuple(_plan_vrrp(host) for host in site.nodes)


def _plan_vrrp(host: Host) -> Change:
    found = firewall_found(host)
    if found is None:
        return plan_without_firewalld(host.name, packet_filters(host, beside_firewalld=False))
    return plan_openings(host.name, found, (found.vrrp_rule,), "let VRRP (IP protocol 112) in")
