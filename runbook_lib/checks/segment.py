"""Checks of what is there before the first change: whose keepalived, who has the VIP, who else speaks VRRP."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources

from runbook_lib.chapter.answers import whole_number
from runbook_lib.chapter.machines import PYTHON
from runbook_lib.chapter.ownership import is_ours
from runbook_lib.chapter.service import UNIT_FILE
from runbook_lib.checks.pair import on_both
from runbook_lib.checks.verdict import Check, Verdict
from runbook_lib.errors import HostError
from runbook_lib.hosts import Host, OpenSite
from runbook_lib.site import Site

SCRIPT = resources.files("runbook_lib.checks") / "data" / "segment_scan.py"
LISTEN_S = 3.0
"""At least: a stranger's interval is its own, mostly 1 s, and one of its advertisements may be lost."""
HEARD_MARGIN_S = 0.5
ENDS_WITHIN_S = 30.0
"""More than a Python of a busy machine needs to start and to end."""


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
    """What the BACKUP hears in `listening_s`. Real packets, nothing is changed."""
    seconds = listening_s(site.model)
    values = (SCRIPT.read_text(encoding="utf-8"), site.model.interface, site.model.vip_address, f"{seconds:.2f}")
    shown = f"listen on {site.model.interface}"
    heard = site.backup.run(f"{PYTHON} -c %s %s %s %s", *values, timeout_s=seconds + ENDS_WITHIN_S, shown=shown)
    return parse_scan(heard.check().stdout)


def listening_s(model: Site) -> float:
    """How long a scan listens: one advertisement of ours and a little more, LISTEN_S at least. Pure."""
    return max(LISTEN_S, model.vrrp.advert_int + HEARD_MARGIN_S)


def advertisers(site: OpenSite) -> tuple[Advertiser, ...]:
    """Everybody who advertises on the segment now, the pair too, for the reader."""
    return tuple(sorted(scan(site).advertisers, key=lambda a: (a.router_id, a.address, a.priority)))


def parse_scan(said: str) -> Heard:
    """The script's lines. Pure."""
    macs, advertisers = set[str](), set[Advertiser]()
    for line in said.splitlines():
        match line.split():
            case ["arp", mac]:
                macs.add(mac)
            case ["vrrp", address, router_id, priority]:
                advertisers.add(Advertiser(address, _number(router_id), _number(priority)))
            case _:
                raise _not_understood()
    return Heard(frozenset(macs), frozenset(advertisers))


def _number(word: str) -> int:
    if (number := whole_number(word)) is None:
        raise _not_understood()
    return number


def _not_understood() -> HostError:
    return HostError("What the scan of the segment says is no list of who was heard.", "Run the check again.")


def vip_free(site: OpenSite) -> Check:
    """Check `segment.vip-free`: nobody but the pair answers for the VIP."""

    def observe() -> Verdict:
        # Of both nodes, whoever holds it: a hand-over may come while we listen.
        return judge_vip(scan(site).vip_macs, frozenset(_mac(host, site.model.interface) for host in site.nodes))

    return Check("segment.vip-free", f"Nobody but the pair answers for {site.model.vip_address}.", "00", observe)


def _mac(host: Host, interface: str) -> str:
    return host.run("cat /sys/class/net/%s/address", interface).check().stdout.strip().replace(":", "")


def judge_vip(found: frozenset[str], own: frozenset[str]) -> Verdict:
    """FAILED when another machine has the address. Pure."""
    if strangers := sorted(found - own):
        named = ", ".join(":".join(mac[i : i + 2] for i in range(0, 12, 2)) for mac in strangers)
        return Verdict.failed(f"{named} answers for it", "Take another VIP, or the address from that machine.")
    return Verdict.passed("nobody else answers for it")


def router_id_free(site: OpenSite) -> Check:
    """Check `segment.vrid-free`: nobody but the pair advertises with this virtual router id."""
    nodes = site.model.nodes
    own = frozenset({nodes.master.address, nodes.backup.address})
    router_id, listened_s = site.model.vrrp.router_id, listening_s(site.model)

    def observe() -> Verdict:
        return judge_advertisers(scan(site).advertisers, own, router_id, listened_s)

    return Check("segment.vrid-free", f"Nobody but the pair uses the virtual router id {router_id}.", "00", observe)


def judge_advertisers(heard: frozenset[Advertiser], own: frozenset[str], router_id: int, listened_s: float) -> Verdict:
    """FAILED for a stranger with our id; other ids are named. Pure."""
    strangers = sorted({(a.address, a.priority) for a in heard if a.router_id == router_id and a.address not in own})
    if strangers:
        named = ", ".join(f"{address} (priority {priority})" for address, priority in strangers)
        return Verdict.failed(f"{named} advertises with it", "Take another one: vrrp.router_id, 1-255.")
    others = sorted({a.router_id for a in heard if a.address not in own})
    return Verdict.passed(f"nobody else used it in {listened_s:g} s{f'; in use by others: {others}' if others else ''}")


def keepalived_ours(site: OpenSite) -> Check:
    """Check `segment.keepalived-ours`: where keepalived runs, it is the one that notebook 03 registered."""
    claim = "No keepalived runs on the nodes but the one that this runbook registered."
    return Check("segment.keepalived-ours", claim, "00", lambda: on_both(site, _ours))


def _ours(host: Host) -> Verdict:
    # Anybody can give a process that name; only root can speak VRRP.
    running = host.run("pgrep -u 0 -x keepalived").stdout.split()
    return judge_keepalived(tuple(running), host.read_text(UNIT_FILE))


def judge_keepalived(running: tuple[str, ...], unit: str | None) -> Verdict:
    """FAILED where somebody else's runs: two of them would fight for the VIP. Pure."""
    if not running:
        return Verdict.passed("none runs")
    if is_ours(unit):
        return Verdict.passed("ours runs")
    hint = "See its /etc/keepalived/keepalived.conf; stop and disable it, then run again."
    return Verdict.failed(f"another keepalived runs (PID {', '.join(running)})", hint)
