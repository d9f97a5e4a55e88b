"""Checks of what is there before the first change: whose keepalived, who has the VIP, who else speaks VRRP."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources

from runbook_lib.chapter.ownership import is_ours
from runbook_lib.chapter.service import UNIT_FILE
from runbook_lib.chapter.vip import holds_vip
from runbook_lib.checks.pair import on_both
from runbook_lib.checks.verdict import Check, Verdict
from runbook_lib.hosts import Host, OpenSite

SCRIPT = resources.files("runbook_lib.checks") / "data" / "segment_scan.py"
PYTHON = "$(command -v python3 || command -v python2 || command -v python)"
HEARD_MARGIN_S = 0.5


@dataclass(frozen=True)
class Advertiser:
    """Somebody who speaks VRRP."""

    address: str
    router_id: int
    priority: int


@dataclass(frozen=True)
class Heard:
    """What a node heard on its segment."""

    vip_macs: frozenset[str]
    """Who answers for the VIP: MAC addresses, twelve hexadecimal digits."""
    advertisers: frozenset[Advertiser]


def scan(site: OpenSite) -> Heard:
    """What the BACKUP hears in one advertisement's interval and a little more. Real packets, nothing is changed."""
    seconds = site.model.vrrp.advert_int + HEARD_MARGIN_S
    values = (SCRIPT.read_text(encoding="utf-8"), site.model.interface, site.model.vip_address, f"{seconds:.2f}")
    return parse_scan(site.backup.run(f"{PYTHON} -c %s %s %s %s", *values).check().stdout)


def advertisers(site: OpenSite) -> tuple[Advertiser, ...]:
    """Everybody who advertises on the segment now, the pair too, for the reader."""
    return tuple(sorted(scan(site).advertisers, key=lambda a: (a.router_id, a.address, a.priority)))


def parse_scan(said: str) -> Heard:
    """The script's lines. Pure."""
    words = [line.split() for line in said.splitlines()]
    return Heard(
        frozenset(w[1] for w in words if w[0] == "arp"),
        frozenset(Advertiser(w[1], int(w[2]), int(w[3])) for w in words if w[0] == "vrrp"),
    )


def vip_free(site: OpenSite) -> Check:
    """Check `segment.vip-free`: nobody but the pair answers for the VIP."""

    def observe() -> Verdict:
        macs = {_mac(host, site.model.interface) for host in site.nodes if holds_vip(host, site.model.vip_address)}
        return judge_vip(scan(site).vip_macs, frozenset(macs))

    return Check("segment.vip-free", f"Nobody but the pair answers for {site.model.vip_address}.", "00", observe)


def _mac(host: Host, interface: str) -> str:
    return host.run("cat /sys/class/net/%s/address", interface).check().stdout.strip().replace(":", "")


def judge_vip(found: frozenset[str], own: frozenset[str]) -> Verdict:
    """FAILED when another machine has the address. Pure."""
    if strangers := sorted(found - own):
        named = ", ".join(":".join(mac[i : i + 2] for i in range(0, 12, 2)) for mac in strangers)
        return Verdict.failed(f"{named} answers for it", "Take another VIP, or the address from that machine.")
    return Verdict.passed("nobody else does")


def router_id_free(site: OpenSite) -> Check:
    """Check `segment.vrid-free`: nobody but the pair advertises with this virtual router id."""
    nodes = site.model.nodes
    own = frozenset({nodes.master.address, nodes.backup.address})
    router_id = site.model.vrrp.router_id

    def observe() -> Verdict:
        return judge_advertisers(scan(site).advertisers, own, router_id)

    return Check("segment.vrid-free", f"Nobody but the pair uses the virtual router id {router_id}.", "00", observe)


def judge_advertisers(heard: frozenset[Advertiser], own: frozenset[str], router_id: int) -> Verdict:
    """FAILED for a stranger with our id; other ids are named. Pure."""
    strangers = sorted({(a.address, a.priority) for a in heard if a.router_id == router_id and a.address not in own})
    if strangers:
        named = ", ".join(f"{address} (priority {priority})" for address, priority in strangers)
        return Verdict.failed(f"{named} advertises with it", "Take another one: vrrp.router_id, 1-255.")
    others = sorted({a.router_id for a in heard if a.address not in own})
    return Verdict.passed(f"nobody else does{f'; in use by others: {others}' if others else ''}")


def keepalived_ours(site: OpenSite) -> Check:
    """Check `segment.keepalived-ours`: where keepalived runs, it is the one that notebook 03 registered."""
    claim = "No keepalived runs on the nodes but the one that this runbook registered."
    return Check("segment.keepalived-ours", claim, "00", lambda: on_both(site, _ours))


def _ours(host: Host) -> Verdict:
    running = host.run("pgrep -x keepalived").stdout.split()
    return judge_keepalived(tuple(running), host.read_text(UNIT_FILE))


def judge_keepalived(running: tuple[str, ...], unit: str | None) -> Verdict:
    """FAILED where somebody else's runs: two of them would fight for the VIP. Pure."""
    if not running:
        return Verdict.passed("none runs")
    if is_ours(unit):
        return Verdict.passed("ours runs")
    hint = "See its /etc/keepalived/keepalived.conf; stop and disable it, then run again."
    return Verdict.failed(f"another keepalived runs (PID {', '.join(running)})", hint)
