"""Checks with real packets: TCP to every port that the chapter opens, and VRRP from node to node (step 6)."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources

from runbook_lib.chapter.firewall import (
    Firewall,
    firewall_found,
    lacking,
    port_openings,
    vrrp_openings,
    wanted_ports,
)
from runbook_lib.checks.pair import on_both, worse
from runbook_lib.checks.verdict import Check, Verdict
from runbook_lib.hosts import Host, OpenSite

PACKETS = 5
LISTEN_S = 3.0
SCRIPT = resources.files("runbook_lib.checks") / "data" / "vrrp_packets.py"

_REFUSED = "Connection refused"


def ports_reachable(site: OpenSite) -> Check:
    """Check `ports.reachable`: a connection from the other node gets through the firewall at each port."""

    def observe() -> Verdict:
        pair = zip((site.model.nodes.master, site.model.nodes.backup), site.nodes, reversed(site.nodes), strict=True)
        return worse((host.name, _ports(site, host, node.address, asker)) for node, host, asker in pair)

    claim = "A connection from the other node gets through the firewall, at the entry's port and at the members' ports."
    return Check("ports.reachable", claim, "01", observe)


def _ports(site: OpenSite, host: Host, address: str, asker: Host) -> Verdict:
    ports = [port.partition("/")[0] for port in wanted_ports(site.model, host.name)]
    return judge_ports({port: _connect(asker, address, port) for port in ports})


def _connect(asker: Host, address: str, port: str) -> str:
    """Empty when the port was reached; else why not."""
    # 1: refused or rejected, 124: no answer. bash has /dev/tcp; a node need not have nc.
    tried = asker.run("LC_ALL=C timeout 2 bash -c 'exec 3<>/dev/tcp/'%s/%s", address, port)
    if tried.exit_status == 0:
        return ""
    return (tried.stderr.strip() or "no answer").splitlines()[-1].rpartition(": ")[2]


def judge_ports(tried: dict[str, str]) -> Verdict:
    """FAILED while a firewall is in the way; a refusal comes from behind it, where nothing listens yet. Pure."""
    stopped = {port: why for port, why in tried.items() if why not in ("", _REFUSED)}
    if stopped:
        observed = ", ".join(f"{port}: {why}" for port, why in stopped.items())
        return Verdict.failed(observed, "The firewall is in the way: notebook 01 opens the ports.")
    quiet = [port for port, why in tried.items() if why]
    let_in = f"; {', '.join(quiet)} let in, where nothing listens yet" if quiet else ""
    return Verdict.passed(f"{', '.join(port for port in tried if port not in quiet) or 'none'} answered{let_in}")


def ports_kept(site: OpenSite) -> Check:
    """Check `ports.kept`: the firewall lets the ports in now, and will after the next boot."""

    def judge(host: Host) -> Verdict:
        return judge_kept(firewall_found(host), port_openings(wanted_ports(site.model, host.name)), "01")

    claim = "Each port is open now, and will be after a reboot."
    return Check("ports.kept", claim, "01", lambda: on_both(site, judge))


def vrrp_kept(site: OpenSite) -> Check:
    """Check `vrrp.kept`: the firewall lets VRRP in now, and will after the next boot."""

    def judge(host: Host) -> Verdict:
        found = firewall_found(host)
        return judge_kept(found, vrrp_openings(found), "04")

    claim = "VRRP is let in now, and will be after a reboot."
    return Check("vrrp.kept", claim, "04", lambda: on_both(site, judge))


def judge_kept(found: Firewall | None, openings: Sequence[str], notebook: str) -> Verdict:
    """FAILED while an opening is missing at runtime or in the permanent configuration. Pure."""
    if found is None:
        return Verdict.passed("no firewalld runs")
    if missing := lacking(found, openings):
        observed = f"{', '.join(missing)} not let in both now and after a reboot"
        return Verdict.failed(observed, f"Notebook {notebook} lets it in, at once and permanently.")
    return Verdict.passed(", ".join(openings))


def vrrp_arrives(site: OpenSite) -> Check:
    """Check `vrrp.arrives`: VRRP packets get from node to node, both ways.

    Real packets of IP protocol 112 to 224.0.0.18 (RFC 3768 5.2): each node counts what its firewall lets through. They
    carry another VRID than ours, which our keepalived ignores, and priority 1, to which no other holder gives way.
    """

    def observe() -> Verdict:
        first, second = site.nodes
        return worse(((second.name, _count(site, first, second)), (first.name, _count(site, second, first))))

    return Check("vrrp.arrives", "VRRP from each node arrives at the other.", "04", observe)


def _count(site: OpenSite, sender: Host, receiver: Host) -> Verdict:
    script = SCRIPT.read_text(encoding="utf-8")
    vrid = 255 if site.model.vrrp.router_id != 255 else 254
    common = (site.model.interface, str(vrid), str(PACKETS), str(LISTEN_S))
    python = "$(command -v python3 || command -v python2 || command -v python)"
    with receiver.start(f"{python} -u -c %s receive %s %s %s %s", script, *common) as listening:
        lines = listening.lines()
        ready = next(lines, "")
        if ready.strip() != "ready":
            return Verdict.unknown("its listener did not start", f"Has {receiver.name} a Python, and {common[0]}?")
        sender.run(f"{python} -c %s send %s %s %s %s", script, *common).check()
        arrived = int(next(lines, "0"))
    firewall = firewall_found(receiver) if arrived < PACKETS else None
    return judge_packets(sender.name, arrived, firewall.backend if firewall else "")


def judge_packets(sender: str, arrived: int, backend: str) -> Verdict:
    """FAILED when packets are lost; `backend` of the receiver's firewall, empty for none. Pure."""
    observed = f"{arrived} of {PACKETS} from {sender}"
    if arrived == PACKETS:
        return Verdict.passed(observed)
    if not backend:
        return Verdict.failed(observed, "No firewalld drops them here: another firewall, or the segment, does.")
    if arrived == 0:
        return Verdict.failed(
            observed, f"The firewall ({backend}) drops them, and both would hold the VIP: notebook 04."
        )
    return Verdict.failed(observed, "Some are lost: a limit in the firewall, or a bad segment.")
