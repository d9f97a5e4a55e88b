"""Checks with real packets: TCP to every port that the chapter opens, and VRRP from node to node (step 6)."""

from __future__ import annotations

from importlib import resources

from runbook_lib.chapter.firewall import firewall_found, wanted_ports
from runbook_lib.checks.pair import worse
from runbook_lib.checks.verdict import Check, Verdict
from runbook_lib.hosts import Host, OpenSite

PACKETS = 5
LISTEN_S = 3.0
SCRIPT = resources.files("runbook_lib.checks") / "data" / "vrrp_packets.py"

_REFUSED = "Connection refused"
_REJECTED = ("No route to host", "prohibited")


def ports_reachable(site: OpenSite) -> Check:
    """Check `ports.reachable`: each port is reached from another machine of the segment."""

    def observe() -> Verdict:
        pair = zip((site.model.nodes.master, site.model.nodes.backup), site.nodes, reversed(site.nodes), strict=True)
        return worse((host.name, _ports(site, node.address, asker)) for node, host, asker in pair)

    claim = "The entry's port on both nodes, and the members' ports, are reached from another machine."
    return Check("ports.reachable", claim, "01", observe)


def _ports(site: OpenSite, address: str, asker: Host) -> Verdict:
    ports = [port.partition("/")[0] for port in wanted_ports(site.model, address)]
    return judge_ports({port: _connect(asker, address, port) for port in ports})


def _connect(asker: Host, address: str, port: str) -> str:
    """Empty when the port was reached; else why not."""
    # 1: refused or rejected, 124: no answer. bash has /dev/tcp; a node need not have nc.
    tried = asker.run("LC_ALL=C timeout 2 bash -c 'exec 3<>/dev/tcp/'%s/%s", address, port)
    if tried.exit_status == 0:
        return ""
    return (tried.stderr.strip() or "no answer").splitlines()[-1].rpartition(": ")[2]


def judge_ports(tried: dict[str, str]) -> Verdict:
    """FAILED while one is not reached; refused is told from rejected. Pure."""
    lacking = {port: why for port, why in tried.items() if why}
    if not lacking:
        return Verdict.passed(f"{', '.join(tried)} reached")
    observed = ", ".join(f"{port}: {why}" for port, why in lacking.items())
    if all(why == _REFUSED for why in lacking.values()):
        return Verdict.failed(
            observed, "The firewall lets it in, nothing listens yet: notebook 01, or Nacos is starting."
        )
    return Verdict.failed(observed, "The firewall is in the way: notebook 01 opens the ports.")


def vrrp_arrives(site: OpenSite) -> Check:
    """Check `vrrp.arrives`: VRRP packets with an unused VRID get from node to node, both ways.

    Real packets of IP protocol 112 to 224.0.0.18 (RFC 3768 5.2): each node counts what its firewall lets through. A
    running keepalived ignores a VRID that is not its own.
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
    firewall = firewall_found(receiver)
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
