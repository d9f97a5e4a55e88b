"""The change of holder that a fault brings about: who took over, and what the wire and the kernels saw of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TypeVar

from runbook_lib.failover.measuring.holders import Hold
from runbook_lib.failover.measuring.samples import Window
from runbook_lib.failover.measuring.wire import Advertisement, Wire

T = TypeVar("T")

EFFECT_WITHIN_S = 0.25
"""A fault's moment is taken just before its command runs: an advertisement may still go out meanwhile."""

TOGETHER_S = 0.020
"""The new holder's address, announcement and first advertisement lie no further apart; else its machine stalled.

keepalived does all three in one go, with no timer between them: the advertisement last in 2.1.5, first since 2.2.0. Of
its settings none parts them for one VIP (`garp_master_delay` is that of a second announcement). Measured with 2.2.7 on
two busy cores: 0.1-4 ms. Larger than five times that, and smaller than what an exact prediction may be off (30 ms).

What it can hide: whatever else holds keepalived up in the middle of every take-over, as a slow kernel, a patched
release, or hundreds of addresses. Such trials are counted: a series with too many of them is WARNED, never PASSED.
A take-over that is late as a whole is judged.
"""


@dataclass(frozen=True)
class HandOver:
    """From the old holder's last word to the new one's first. Times: seconds on the probe's clock; None: not seen."""

    successor: str
    """Who took the VIP over; empty: nobody did before the undo."""
    last_advert: Advertisement | None
    """The last with which the old holder held the other one off: the other's timer ran from here."""
    goodbye: Advertisement | None
    """The old holder's priority-0 advertisement."""
    first_advert: Advertisement | None
    """The new holder's first."""
    vip_added_s: float | None
    """When the new holder's kernel had the VIP."""
    announced_s: float | None
    """The new holder's first gratuitous ARP."""

    @property
    def left_s(self) -> float | None:
        """The old holder's last word on the wire."""
        word = self.goodbye or self.last_advert
        return None if word is None else word.at_s

    def stall(self, error_s: float) -> str:
        """Which of the new holder's moments came too long after another; empty: they are together, as far as seen.

        `error_s`: what the new holder's clock, which dates its address alone, may be off.
        """
        advert_s = None if self.first_advert is None else self.first_advert.at_s
        seen = (
            (advert_s, "advertisement", 0.0),
            (self.vip_added_s, "address", error_s),
            (self.announced_s, "gratuitous ARP", 0.0),
        )
        moments = sorted((at_s, what, off_s) for at_s, what, off_s in seen if at_s is not None)
        for (early_s, first, one_s), (late_s, then, other_s) in combinations(moments, 2):
            if late_s - early_s > TOGETHER_S + one_s + other_s:
                return f"{self.successor}'s {then} came {late_s - early_s:.3f} s after its {first}"
        return ""


def find_handover(holder: str, nodes: Mapping[str, str], wire: Wire, holds: Sequence[Hold], window: Window) -> HandOver:
    """What became of the VIP of `holder` while the fault was on; `nodes`: address by name."""
    said = {name: [a for a in wire.advertisements if a.source == address] for name, address in nodes.items()}
    old = said.get(holder, [])
    for successor in (name for name in nodes if name != holder):
        first = _first(a for a in said[successor] if window.holds(a.at_s) and not a.goodbye)
        macs = {a.mac for a in said[successor]}
        announced = _first(a for a in wire.announcements if window.holds(a.at_s) and a.mac in macs)
        hold = _first(hold for hold in holds if hold.node == successor and window.holds(hold.start_s))
        if first or announced or hold:
            goodbye, last = _last_words(old, window, first.at_s if first else window.end_s)
            return HandOver(
                successor,
                last,
                goodbye,
                first,
                hold.start_s if hold else None,
                announced.at_s if announced else None,
            )
    goodbye, last = _last_words(old, window, window.end_s)
    return HandOver("", last, goodbye, None, None, None)


def _last_words(
    old: Sequence[Advertisement], window: Window, until_s: float
) -> tuple[Advertisement | None, Advertisement | None]:
    """The old holder's goodbye, and the last advertisement that held the other one off.

    One that goes on advertising is not heard by the other (its packets are dropped on the way): then the last before
    the fault counts. It is silent when nothing came of it once the fault had taken effect.
    """
    goodbye = _first(a for a in old if a.goodbye and window.start_s <= a.at_s <= until_s)
    if goodbye is not None:
        return goodbye, _last(a for a in old if a.at_s < goodbye.at_s)
    goes_on = any(window.start_s + EFFECT_WITHIN_S < a.at_s < until_s for a in old)
    return None, _last(a for a in old if a.at_s < (window.start_s if goes_on else until_s))


def _first(things: Iterable[T]) -> T | None:
    return next(iter(things), None)


def _last(adverts: Iterable[Advertisement]) -> Advertisement | None:
    return max(adverts, key=lambda advert: advert.at_s, default=None)
