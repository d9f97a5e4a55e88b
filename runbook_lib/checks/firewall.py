"""Checks with real packets: TCP to every port that the chapter opens, and VRRP from node to node (step 6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import resources
from threading import Timer

from runbook_lib.chapter.firewall import (
    Firewall,
    firewall_found,
    firewalld_is_enabled,
    lacking,
    port_openings,
    wanted_ports,
)
from runbook_lib.chapter.machines import PYTHON
from runbook_lib.chapter.packet_filter import InputChain, packet_filters
from runbook_lib.checks.machines import hint_for_cables
from runbook_lib.checks.pair import on_both, on_each
from runbook_lib.checks.verdict import Check, Verdict
from runbook_lib.errors import HostError
from runbook_lib.hosts import Host, OpenSite

PACKETS = 5
LISTEN_S = 30.0
"""At most, for a sender that is slow to start: where all arrive, the listener ends with the last."""
LATE_S = 1.0
"""What may still be on its way when all are sent."""
SCRIPT = resources.files("runbook_lib.checks") / "data" / "vrrp_packets.py"

OURS = "runbook_"
"""The tables of faults and demonstrations begin so."""
_REFUSED = "Connection refused"


def ports_reachable(site: OpenSite) -> Check:
    """Check `ports.reachable`: a connection from the other node gets through the firewall at each port."""

    def judge(host: Host) -> Verdict:
        prober = next(node for node in site.nodes if node is not host)
        return _ports(site, host, addresses[host.name], prober)

    addresses = {node.name: node.address for node in site.model.nodes.pair}
    claim = "A connection from the other node gets through the firewall, at the entry's port and at the members' ports."
    return Check("ports.reachable", claim, "01", lambda: on_both(site, judge))


def _ports(site: OpenSite, host: Host, address: str, prober: Host) -> Verdict:
    ports = [port.partition("/")[0] for port in wanted_ports(site.model, host.name)]
    tried = {port: _connect(prober, address, port) for port in ports}
    stopped = tuple(stopped_ports(tried))
    return judge_ports(tried, hint_for_cables(site) or _hint_for_ports(host, stopped) if stopped else "")


def _hint_for_ports(host: Host, ports: tuple[str, ...]) -> str:
    found = firewall_found(host)
    if found and lacking(found, port_openings([f"{port}/tcp" for port in ports])):
        return "The firewall is in the way: notebook 01 opens the ports."
    commands = {chain: chain.accepting_ports(ports) for chain in _filters(host, found)}
    return hint_for_filters(host.name, commands, firewalld=found is not None)


def _filters(host: Host, found: Firewall | None) -> tuple[InputChain, ...]:
    return packet_filters(host, beside_firewalld=found is not None)


def hint_for_filters(host: str, commands: Mapping[InputChain, str], *, firewalld: bool) -> str:
    """Which command opens which chain of somebody else's; where there is none, what else it may be. Pure."""
    if any(chain.table.startswith(OURS) for chain in commands):
        return f"A fault or a demonstration is on at {host}: runbook fault recover -f FILE"
    if not commands and firewalld:
        return f"{host}'s default zone lets them in: is the interface in another (firewall-cmd --get-active-zones)?"
    if not commands:
        return f"No firewall of {host} drops them: the segment does, or what the other node lets out."
    chains = " and ".join(str(chain) for chain in commands)
    ways = " && ".join(commands.values())
    return (
        f"On {host} run `{ways}`, and add it to what is loaded at boot. In the way, and not ours to change: {chains}."
    )


def _connect(prober: Host, address: str, port: str) -> str:
    """Empty when the port was reached; else why not."""
    # 1: refused or rejected, 124: no answer; others: nothing was tried. bash has /dev/tcp; a node need not have nc.
    command = "LC_ALL=C timeout 2 bash -c 'exec 3<>/dev/tcp/'%s/%s"
    tried = prober.run(command, address, port).check(normal=(0, 1, 124))
    if tried.exit_status == 0:
        return ""
    return (tried.stderr.strip() or "no answer").splitlines()[-1].rpartition(": ")[2]


def stopped_ports(tried: Mapping[str, str]) -> dict[str, str]:
    """The ports that a firewall stops, with the reason; a refusal comes from behind it. Pure."""
    return {port: why for port, why in tried.items() if why not in ("", _REFUSED)}


def judge_ports(tried: Mapping[str, str], hint: str) -> Verdict:
    """FAILED, with the hint, while a port is stopped; a refusal is where nothing listens yet. Pure."""
    if stopped := stopped_ports(tried):
        return Verdict.failed(", ".join(f"{port}: {why}" for port, why in stopped.items()), hint)
    quiet = [port for port, why in tried.items() if why]
    let_in = f"; {', '.join(quiet)} let in, where nothing listens yet" if quiet else ""
    return Verdict.passed(f"{', '.join(port for port in tried if port not in quiet) or 'none'} answered{let_in}")


def ports_kept(site: OpenSite) -> Check:
    """Check `ports.kept`: the firewall lets the ports in now, and will after the next boot."""

    def judge(host: Host) -> Verdict:
        found = firewall_found(host)
        if found is None:
            return _without_firewalld(host)
        return judge_kept(found, port_openings(wanted_ports(site.model, host.name)), "01")

    claim = "Each port is open now, and will be after a reboot."
    return Check("ports.kept", claim, "01", lambda: on_both(site, judge))


def vrrp_kept(site: OpenSite) -> Check:
    """Check `vrrp.kept`: the firewall lets VRRP in now, and will after the next boot."""

    def judge(host: Host) -> Verdict:
        found = firewall_found(host)
        return judge_kept(found, (found.vrrp_rule,), "04") if found else _without_firewalld(host)

    claim = "VRRP is let in now, and will be after a reboot."
    return Check("vrrp.kept", claim, "04", lambda: on_both(site, judge))


def _without_firewalld(host: Host) -> Verdict:
    return judge_without_firewalld(_filters(host, None), enabled=firewalld_is_enabled(host))


def judge_without_firewalld(filters: Sequence[InputChain], *, enabled: bool) -> Verdict:
    """FAILED where firewalld comes with the next boot; SKIPPED where somebody else's rules decide. Pure."""
    if enabled:
        hint = "systemctl start firewalld and run the notebook again, or systemctl disable firewalld."
        return Verdict.failed("firewalld does not run now, and drops what it does not know after a reboot", hint)
    if filters:
        chains = " and ".join(str(chain) for chain in filters)
        return Verdict.skipped(f"no firewalld; what is let in after a reboot is up to what loads {chains} then")
    return Verdict.passed("no firewalld runs, and nothing else drops")


def judge_kept(found: Firewall, openings: Sequence[str], notebook: str) -> Verdict:
    """FAILED while an opening is missing at runtime or in the permanent configuration. Pure."""
    if missing := lacking(found, openings):
        observed = f"{', '.join(missing)} not let in both now and after a reboot"
        return Verdict.failed(observed, f"Notebook {notebook} lets it in, at once and permanently.")
    return Verdict.passed(", ".join(openings))


def vrrp_arrives(site: OpenSite) -> Check:
    """Check `vrrp.arrives`: VRRP packets get from node to node, both ways.

    Real packets of IP protocol 112 to 224.0.0.18 (RFC 3768 5.2): each node counts what its firewall lets through. They
    carry another VRID than ours, which our keepalived ignores, and priority 1, to which no other holder gives way.
    """

    def judge(receiver: Host) -> Verdict:
        sender = next(node for node in site.nodes if node is not receiver)
        return _packets(site, sender, receiver)

    claim = "VRRP from each node arrives at the other."
    return Check("vrrp.arrives", claim, "04", lambda: on_each(reversed(site.nodes), judge))


def vrrp_arrivals(site: OpenSite, sender: Host, receiver: Host) -> int | None:
    """How many of PACKETS get from one node through the firewall of the other; None: the sender's own lets none out.

    Raises HostError where nothing could be counted: a node has no Python or no such interface, the listener ended.
    """
    script = SCRIPT.read_text(encoding="utf-8")
    vrid = 255 if site.model.vrrp.router_id != 255 else 254
    common = (site.model.interface, str(vrid), str(PACKETS))
    with receiver.start(f"{PYTHON} -u -c %s receive %s %s %s %s", script, *common, LISTEN_S) as listening:
        lines = listening.lines()
        if next(lines, "").strip() != "ready":
            hint = f"Has {receiver.name} a Python, and {site.model.interface}?"
            raise HostError(f"{receiver.name}: the listener for VRRP did not start.", hint)
        sent = sender.run(f"{PYTHON} -c %s send %s %s %s", script, *common)
        if "Operation not permitted" in sent.stderr:
            return None
        sent.check()
        late = Timer(LATE_S, listening.stop)
        late.start()
        counted = next(lines, "").strip()
        late.cancel()
    if not counted.isdecimal():  # it ended with its session, or its time was up: none is not zero
        raise HostError(
            f"{receiver.name}: the listener for VRRP ended before it had counted.",
            "See whether the machine is on, then run the check again.",
        )
    return int(counted)


def _packets(site: OpenSite, sender: Host, receiver: Host) -> Verdict:
    arrived = vrrp_arrivals(site, sender, receiver)
    if arrived is None:
        return judge_not_sent(sender.name)
    return judge_packets(sender.name, arrived, "" if arrived else hint_for_cables(site) or _hint_for_vrrp(receiver))


def judge_not_sent(sender: str) -> Verdict:
    """FAILED by a rule of the sender's own: its kernel tells the program that the packet was dropped. Pure."""
    hint = (
        f"On {sender} let IP protocol 112 out: nft list ruleset, or iptables -S OUTPUT, shows what drops it. "
        f"A table {OURS}… is a fault's: runbook fault recover -f FILE"
    )
    return Verdict.failed(f"{sender} lets none out", hint)


def _hint_for_vrrp(host: Host) -> str:
    found = firewall_found(host)
    if found and lacking(found, (found.vrrp_rule,)):
        return f"The firewall ({found.backend}) drops them, and both would hold the VIP: notebook 04."
    commands = {chain: chain.accepting_vrrp() for chain in _filters(host, found)}
    return hint_for_filters(host.name, commands, firewalld=found is not None)


def judge_packets(sender: str, arrived: int, hint: str) -> Verdict:
    """FAILED when packets are lost, with the hint when all are. Pure."""
    observed = f"{arrived} of {PACKETS} from {sender}"
    if arrived == PACKETS:
        return Verdict.passed(observed)
    return Verdict.failed(observed, "Some are lost: a limit in the firewall, or a bad segment." if arrived else hint)
