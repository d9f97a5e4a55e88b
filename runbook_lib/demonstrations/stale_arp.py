"""A demonstration: both nodes hold the VIP, and once it is mended, a client still knows the wrong one (chapter step 6).

A holder that hears a lower priority announces itself again by gratuitous ARP; one that merely hears a higher one
leaves in silence, and whoever learned its MAC address goes on sending there until it asks anew. So it matters
whose firewall is opened first.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from runbook_lib.chapter.vip import answer_through_vip, holds_vip, vip_holders
from runbook_lib.checks.verdict import Check, Skipped
from runbook_lib.demonstrations.leaving import undone_on_exit
from runbook_lib.demonstrations.sight import CURE, DEFECT, Sight, judge_sights
from runbook_lib.errors import HostError
from runbook_lib.failover.faults.confirming import wait_until
from runbook_lib.failover.faults.inject import not_agreed
from runbook_lib.failover.measuring.capture import observer_interface
from runbook_lib.failover.trials.waiting import settles_within_s, wait_for_nodes
from runbook_lib.hosts import Host, OpenSite

NAME = "stale-arp"
DISTURBS = "both nodes drop VRRP and hold the VIP, twice; the service is away for up to half a minute"
ANNOUNCED_S = 6.0
"""keepalived announces a VIP once more 5 s after it took it (garp_master_delay): until then nothing is decided."""
TABLE = "ip runbook_demonstration"
CLOSE = (
    f"nft 'add table {TABLE}; add chain {TABLE} input {{ type filter hook input priority -300; }}; "
    f"add rule {TABLE} input ip protocol 112 drop'"
)
OPEN = f"! nft list table {TABLE} >/dev/null 2>&1 || nft delete table {TABLE}"


@dataclass(frozen=True)
class Client:
    """The observer, as a client that knows the VIP by its ARP entry only, which is read and not refreshed."""

    site: OpenSite
    observer: Host
    interface: str
    nodes: dict[str, str]
    """Node by MAC address."""

    def knows(self) -> str:
        """The node whose MAC address the entry has; empty: none."""
        shown = self.observer.run("ip neighbour show %s dev %s", self.site.model.vip_address, self.interface).stdout
        return parse_neighbour(shown, self.nodes)


def show_stale_arp(site: OpenSite) -> tuple[Sight, ...] | Skipped:
    """Have both nodes drop VRRP, twice, and let it in at the BACKUP first, then at the MASTER first.

    Raises HostError when the site isn't in steady state before or after, or the BACKUP doesn't take the VIP.
    """
    if skipped := not_agreed(site, "demonstrations"):
        return skipped
    if site.observer is None or not (interface := observer_interface(site)) or not site.model.vrrp.preempt:
        return Skipped("it needs an observer on the segment, and a MASTER that preempts")
    nodes = {host.read_text(f"/sys/class/net/{site.model.interface}/address") or "": host.name for host in site.nodes}
    client = Client(site, site.observer, interface, {mac.strip(): name for mac, name in nodes.items()})
    holders, stale = _split(client, site.backup)
    _, right = _split(client, site.master)
    first = "VRRP is let in at {} first: the observer knows"
    wrong, good = f"{site.backup.name}, no answer", f"{site.master.name}, which answers"
    both = f"{site.master.name} and {site.backup.name}"
    return (
        Sight(DEFECT, "VRRP is dropped at both nodes: the VIP is on", both, holders),
        Sight(DEFECT, first.format(site.backup.name), wrong, *stale),
        Sight(CURE, first.format(site.master.name), good, *right),
    )


def stale_arp_shown(found: Sequence[Sight] | Skipped) -> Check:
    """Check `demonstration.stale-arp`: two holders, a client that knows the wrong one, and how to avoid it."""
    claim = "Nodes that don't hear each other both hold the VIP; a client may then know the one that has given it back."
    hint = "See the gratuitous ARPs: tcpdump -n arp on the observer."
    return Check("demonstration.stale-arp", claim, "09", lambda: judge_sights(found, hint))


def parse_neighbour(shown: str, nodes: dict[str, str]) -> str:
    """The node in `ip neighbour show`'s line; empty where there is no address yet, or nobody's. Pure."""
    words = shown.partition("lladdr ")[2].split()
    return nodes.get(words[0], "") if words else ""


def _split(client: Client, opened_first: Host) -> tuple[str, tuple[str, str]]:
    """Who held the VIP while nobody heard anybody; then whom the observer knows, and how long it was cut off."""
    site = client.site
    wait_for_nodes(site)  # which asks through the VIP, so there is an entry
    with _closed(site):
        _await(
            site,
            _for_long(lambda: client.knows() == site.backup.name),
            "The observer did not learn the BACKUP's address",
        )
        holders = " and ".join(vip_holders(site))
        opened_first.run("sh -c %s", OPEN).check()
        if opened_first is site.backup:
            _await(
                site, lambda: not holds_vip(site.backup, site.model.vip_address), "The BACKUP did not give the VIP back"
            )
        else:
            _await(site, lambda: client.knows() == site.master.name, "The MASTER did not announce itself again")
    _await(site, lambda: vip_holders(site) == (site.master.name,), "The MASTER did not become the only holder")
    known, begun_s = client.knows(), time.monotonic()
    if answer_through_vip(site).status == 200:
        return holders, (f"{known}, which answers", "")
    wait_for_nodes(site)
    return holders, (f"{known}, no answer", f"it answers again after {time.monotonic() - begun_s:.0f} s")


@contextmanager
def _closed(site: OpenSite) -> Iterator[None]:
    """Both nodes drop the VRRP that comes in, until the block ends."""
    with ExitStack() as undos:
        for host in site.nodes:
            undos.enter_context(undone_on_exit(site, host, NAME, OPEN, 3 * _within_s(site)))  # two waits, and looks
            host.run(CLOSE).check()
        yield


def _for_long(true: Callable[[], bool]) -> Callable[[], bool]:
    """A probe: it has been true at each look for ANNOUNCED_S."""
    since_s = time.monotonic()

    def lasts() -> bool:
        nonlocal since_s
        if not true():
            since_s = time.monotonic()
        return time.monotonic() - since_s >= ANNOUNCED_S

    return lasts


def _within_s(site: OpenSite) -> float:
    """A takeover, and the announcements after it."""
    return settles_within_s(site) + ANNOUNCED_S


def _await(site: OpenSite, true: Callable[[], bool], otherwise: str) -> None:
    within_s = _within_s(site)
    if not wait_until(true, within_s):
        raise HostError(f"{otherwise} within {within_s:.0f} s.", "See why: runbook check -f FILE")
