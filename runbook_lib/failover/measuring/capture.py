"""What is written down beside the probe: VRRP and ARP on the observer, the addresses on each node; fetched afterwards.

Each writes to a file of its own machine, and ends with us, or by itself, whatever becomes of us.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from runbook_lib.chapter.ownership import STATE
from runbook_lib.errors import HostError
from runbook_lib.failover.measuring.holders import WATCH
from runbook_lib.hosts import Host, OpenSite, Running

FOLDER = f"{STATE}/captures"
# -p would leave out what goes to VRRP's multicast group. Immediate mode: a packet is in the file before we look.
_TCPDUMP = (
    'f=%s; mkdir -p -- "$(dirname -- "$f")"; '
    "exec tcpdump -i %s -n -U -s 256 --immediate-mode --time-stamp-precision=nano -w \"$f\" 'proto 112 or arp' 2>&1"
)
_ROUTE = "ip -4 -o route get %s"
PCAP, ADDRESSES = "pcap", "addresses.txt"
CAPTURE = "capture"


@dataclass
class Writing:
    """A command that writes a file on a machine; `command` with the values of its slots."""

    host: Host
    path: str
    command: tuple[str, ...]
    longest_s: float
    """It ends by itself after this."""
    running: Running | None = None

    def start(self) -> None:
        """Start it; also again, where it ended with its machine: it adds to its file. Raises HostError."""
        before = self.running
        self.running = self.host.start(*self.command, limit_s=self.longest_s)
        if before is not None:  # until now, so that nothing is missed
            before.stop()

    def require_running(self) -> None:
        """Raises HostError when it has ended by itself: what came later is not in its file, and that proves nothing."""
        if self.running is not None and self.running.is_over:
            said = " ".join(self.running.lines()) or "its session was lost"
            raise HostError(f"{self.host.name}: its record ended before the trial did: {said}", "")

    def collect(self, local: Path) -> None:
        """End it, bring what it wrote, and remove it there. Raises HostError with what it said last."""
        said = self._stopped()
        try:
            self.host.fetch_file(self.path, local)
        except HostError as error:
            raise HostError(f"{self.host.name}: {said or error.what}", error.todo) from error
        self.host.run("rm -f -- %s", self.path)

    def _stopped(self) -> str:
        if self.running is None:
            return ""
        self.running.stop()
        return " ".join(self.running.lines())


class Capture:
    """What is written on each machine while a trial lasts; the trial goes on without what can't be."""

    def __init__(self, site: OpenSite, name: str, interface: str, *, longest_s: float) -> None:
        self.name = name
        self.missing: dict[str, str] = {}
        """What was not written down, by node or `capture`, and why."""
        path = f"{FOLDER}/{name}.{ADDRESSES}"
        watch = (WATCH, path, site.model.interface)
        self._nodes = {node.name: Writing(node, path, watch, longest_s) for node in site.nodes}
        self._all = dict(self._nodes)
        if site.observer is not None and interface:
            path = f"{FOLDER}/{name}.{PCAP}"
            self._all[CAPTURE] = Writing(site.observer, path, (_TCPDUMP, path, interface), longest_s)
        else:
            self.missing[CAPTURE] = "only an observer on the segment hears VRRP and ARP"

    def start(self) -> None:
        """Start to write everywhere; what a trial left that was killed goes first."""
        for key, writing in self._all.items():
            self._try(key, partial(writing.host.run, "rm -rf -- %s", FOLDER))
            self._try(key, writing.start)

    def resume(self, without_power: str = "") -> None:
        """Write on both nodes again: what was written ended with the power of this one."""
        for name, writing in self._nodes.items():
            if name != without_power:
                self._try(name, writing.require_running)
            self._try(name, writing.start)

    def collect(self, folder: Path) -> None:
        """End it everywhere, and bring the files to `folder`: NAME.pcap and NAME-NODE.addresses.txt."""
        for key, writing in self._all.items():
            self._try(key, writing.require_running)
            self._try(key, partial(writing.collect, folder / file_name(self.name, key)))

    def _try(self, key: str, work: Callable[[], object]) -> None:
        try:
            work()
        except HostError as error:
            self.missing[key] = error.what


def file_name(name: str, key: str) -> str:
    """The name in data/ of what the node `key` wrote, or of the capture. Pure."""
    return f"{name}.{PCAP}" if key == CAPTURE else f"{name}-{key}.{ADDRESSES}"


def observer_interface(site: OpenSite) -> str:
    """The observer's interface that reaches the VIP; empty where it can't be told, or a router lies between."""
    if site.observer is None or site.model.observer != "ssh":
        return ""
    return parse_route(site.observer.run(_ROUTE, site.model.vip_address).stdout)


def parse_route(said: str) -> str:
    """The interface in `ip route get`'s answer; empty where the way leads over a router. Pure."""
    words = said.split()
    return words[words.index("dev") + 1] if "dev" in words and "via" not in words else ""
