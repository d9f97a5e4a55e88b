"""Who held the VIP when, by what each node's kernel said of its addresses. Pure but for the command's text.

The node writes it down itself, with its own clock: so it is there also for the time in which nobody could ask it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

# The monitor first: what changes before the snapshot is taken is in both. `ip` stamps with local time, without a zone.
# A snapshot without a monitor would be worse than nothing: an `ip` older than 3.18 knows no -ts, and ends at once.
WATCH = (
    'f=%s; d=%s; mkdir -p -- "$(dirname -- "$f")"; exec 2>&1 >>"$f"; '
    'echo "# boot at=$(date +%%s.%%N) id=$(cat /proc/sys/kernel/random/boot_id)"; '
    'TZ=UTC0 ip -o -ts monitor address dev "$d" & '
    'sleep 0.2; kill -0 $! || { rm -f -- "$f"; exit 1; }; '
    's=$(ip -4 -o addr show dev "$d"); echo "# seen at=$(date +%%s.%%N)" $s; wait'
)
"""Slots: the file, the interface. It goes on until it is ended."""
_BOOT = re.compile(r"# boot at=(?P<at>[0-9.]+) id=(?P<boot>\S+)")
_SEEN = re.compile(r"# seen at=(?P<at>[0-9.]+)(?P<addresses>.*)")
_EVENT = re.compile(r"\[(?P<at>[0-9T:.-]+)\] (?P<gone>Deleted )?\d+: \S+ +inet (?P<address>[0-9.]+)")


@dataclass(frozen=True)
class Seen:
    """At this moment the node's kernel had the VIP, or not."""

    at_unix_s: float
    has_vip: bool
    boot: str
    event: bool = True
    """It came, or went, at this moment; False: it was looked at."""


@dataclass(frozen=True)
class Hold:
    """A node had the VIP from here to there, in seconds on the probe's clock, each give or take `error_s`."""

    node: str
    start_s: float
    end_s: float | None
    """None: until the end of what was watched."""
    error_s: float = 0.0
    found: bool = False
    """It had the VIP already when it was first looked at after a boot: it may have begun earlier."""

    def until(self, end_s: float) -> float:
        """Its end, or the end of what was watched."""
        return end_s if self.end_s is None else self.end_s


def parse_addresses(text: str, vip: str) -> tuple[Seen, ...]:
    """What a node wrote, in order; a torn line (its power was cut) is left out."""
    found, boot = [], ""
    for line in text[: text.rfind("\n") + 1].splitlines():
        if match := _BOOT.match(line):
            boot = match["boot"]
        elif match := _SEEN.match(line):
            found.append(Seen(float(match["at"]), f" {vip}/" in match["addresses"], boot, event=False))
        elif (match := _EVENT.match(line)) and match["address"] == vip:
            found.append(Seen(_unix_s(match["at"]), not match["gone"], boot))
    return tuple(sorted(found, key=lambda seen: seen.at_unix_s))


def find_holds(node: str, seen: Sequence[Seen], lost_unix_s: float) -> tuple[Hold, ...]:
    """When the node had the VIP, in seconds since 1970.

    A machine that ends while it has the VIP says nothing: another boot follows, and it is `lost_unix_s` that ended it.
    """
    holds: list[Hold] = []
    since: Seen | None = None

    def until(end_s: float | None) -> None:
        if since is not None:
            holds.append(Hold(node, since.at_unix_s, end_s, found=not since.event and since.boot != seen[0].boot))

    for now in seen:
        if since is not None and now.boot != since.boot:
            until(lost_unix_s if since.at_unix_s <= lost_unix_s <= now.at_unix_s else now.at_unix_s)
            since = None
        if now.has_vip and since is None:
            since = now
        elif not now.has_vip:
            until(now.at_unix_s)
            since = None
    until(None)
    return tuple(holds)


def _unix_s(stamp: str) -> float:
    return datetime.fromisoformat(stamp).replace(tzinfo=UTC).timestamp()
