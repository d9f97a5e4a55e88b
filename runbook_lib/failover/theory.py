"""What the configuration predicts: how long each fault's outage lasts. Pure; seconds from the first lost request.

VRRP's timers are RFC 3768 6.1 (version 2) and RFC 5798 6.1, unchanged in RFC 9568 6.1 (version 3).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from runbook_lib.errors import ParameterError
from runbook_lib.site import Node, Site

CHAPTER_SLEEP_S = 2.0
"""`sleep 2` in the chapter's script: longer than its timeout, which defaults to the interval of 2 s."""
SCRIPT_RUN_S = 0.1
"""At most what our script takes when nobody listens on the port: a refusal comes at once."""
SYSTEMD_ACCURACY_S = 0.25
"""systemd may fire a service's restart timer this much late (sd_event_add_time(3): the default accuracy is 250 ms)."""
START_S = 0.15
"""From the restart timer to a listening OpenResty: configuration test, fork, bind."""
TOLERANCE_S = 0.05
"""What a measured outage may lie outside its band: the probe's step, ARP, and two cores shared by four machines."""
HIGHEST_PRIORITY = 254
"""keepalived keeps an effective priority at 254 or below: 255 is the address owner's."""


@dataclass(frozen=True)
class Band:
    """The predicted range of an outage in seconds; infinite ends: no takeover before the fault is undone."""

    low_s: float
    high_s: float
    because: str
    """The sum that gave it, in words and numbers."""

    @property
    def never(self) -> bool:
        """The configuration never answers this fault: the outage lasts until the undo."""
        return math.isinf(self.low_s)

    def holds(self, outage_s: float, tolerance_s: float) -> bool:
        """Whether an outage lies in the band, give or take `tolerance_s`."""
        return self.low_s - tolerance_s <= outage_s <= self.high_s + tolerance_s

    def after(self, first: Band, because: str) -> Band:
        """This band when it begins only after `first`."""
        return Band(first.low_s + self.low_s, first.high_s + self.high_s, because)

    def __str__(self) -> str:
        if self.never:
            return "until the undo"
        low, high = f"{self.low_s:.3f}", f"{self.high_s:.3f}"
        return f"{low} s" if low == high else f"{low}-{high} s"


@dataclass(frozen=True)
class Pair:
    """Who holds the VIP, and so is hit, and who is to take it over."""

    site: Site
    holder: Node
    standby: Node

    @classmethod
    def of(cls, site: Site, holder: str | None = None) -> Pair:
        """The pair with this node as its holder; None: the one that the parameters make MASTER."""
        nodes = site.nodes
        if holder == nodes.backup.name:
            return cls(site, nodes.backup, nodes.master)
        return cls(site, nodes.master, nodes.backup)

    @property
    def standing_priority(self) -> int:
        """The standby's effective priority while its own OpenResty is well: a positive weight is added then."""
        return min(HIGHEST_PRIORITY, self.standby.priority + max(0, self.site.effective_weight))

    @property
    def failing_priority(self) -> int:
        """The holder's while its script fails: a negative weight is added, a positive one is missing."""
        return max(1, self.holder.priority + min(0, self.site.effective_weight))

    @property
    def holds_back(self) -> bool:
        """The standby has `nopreempt`, which the configuration gives to the node with the higher priority only."""
        return not self.site.vrrp.preempt and self.standby.priority > self.holder.priority


def skew_s(version: int, priority: int, advert_int_s: float) -> float:
    """Skew_Time of a BACKUP with this effective priority.

    Version 2: (256 - P)/256 s whatever the interval (RFC 3768 6.1); version 3: (256 - P)·A/256 (RFC 5798 6.1).
    """
    return (256 - priority) / 256 * (advert_int_s if version == 3 else 1.0)


def clean_stop(pair: Pair) -> Band:
    """The holder says goodbye: its priority-0 advertisement sets the standby's timer to Skew_Time (RFC 3768 6.4.2)."""
    priority, v = pair.standing_priority, pair.site.vrrp
    skew = skew_s(v.version, priority, v.advert_int)
    rule = f"{v.advert_int:g} s/256 (RFC 5798 6.1)" if v.version == 3 else "1 s/256 (RFC 3768 6.1)"
    return Band(skew, skew, f"skew = (256 − {priority}) · {rule}")


def silence(pair: Pair) -> Band:
    """The holder falls silent: Master_Down_Interval, 3A + skew, less the age of its last advertisement (up to A)."""
    advert, skew = pair.site.vrrp.advert_int, clean_stop(pair).low_s
    because = f"3A + skew less up to A, with A = {advert:g} s and skew = {skew:.3f} s"
    return Band(2 * advert + skew, 3 * advert + skew, because)


def detection(site: Site) -> Band:
    """From OpenResty's death until keepalived calls the check script failed: its phase, its repeats, its run.

    The chapter's script has no `fall`; it sleeps 2 s, and keepalived ends it after `interval` (the default timeout).
    """
    interval = float(site.check.interval)
    if site.check_script == "chapter":
        run = min(interval, CHAPTER_SLEEP_S)
        return Band(run, interval + run, f"detection = up to {interval:g} s + {run:g} s that the script runs")
    before = (site.check.fall - 1) * interval
    because = f"detection = up to {interval:g} s + (fall {site.check.fall} − 1) · {interval:g} s"
    return Band(before, before + interval + SCRIPT_RUN_S, because)


def openresty_cannot_start(pair: Pair) -> Band:
    """OpenResty dies and stays dead: what the script's result does to the VIP depends on the weight."""
    seen, weight = detection(pair.site), pair.site.effective_weight
    if _script_kills_keepalived(pair.site):
        return _then(seen, clean_stop(pair), "the script reaches its killall")
    if weight == 0:
        return _then(seen, clean_stop(pair), "weight 0: FAULT, which says goodbye")
    failing, standing = pair.failing_priority, pair.standing_priority
    if pair.holds_back:
        return _never(f"nopreempt on {pair.standby.name}: a lower priority than its own never moves the VIP")
    if failing >= standing:
        return _never(f"weight {weight}: {failing} is not below the {standing} of {pair.standby.name}")
    return _then(seen, silence(pair), f"weight {weight}: {failing} is below the {standing} of {pair.standby.name}")


def stop_openresty(pair: Pair) -> Band:
    """OpenResty stops and its unit restarts it; a script failure in the gap counts only with weight 0 and fall 1."""
    site, restart = pair.site, pair.site.openresty.restart_s
    again = Band(restart, restart + SYSTEMD_ACCURACY_S + START_S, f"RestartSec {restart:g} s + systemd's timer + start")
    if site.check_script == "chapter":
        return Band(0.0, again.high_s, "the chapter's script may start it first; " + again.because)
    seen = detection(site)
    if site.effective_weight != 0 or seen.low_s >= again.high_s:
        return again
    skew = clean_stop(pair).low_s
    because = f"{again.because}, or FAULT in the gap and skew {skew:.3f} s"
    return Band(min(again.low_s, seen.low_s + skew), again.high_s + skew, because)


PREDICTIONS: Mapping[str, Callable[[Pair], Band]] = {
    "stop-openresty": stop_openresty,
    "openresty-cannot-start": openresty_cannot_start,
    "stop-keepalived": clean_stop,
    "shutdown-master": clean_stop,
    "power-off-master": silence,
}


def longest_takeover_s(pair: Pair) -> float:
    """How long to watch before a VIP that stays put can be said to stay: any detection, then any takeover."""
    return detection(pair.site).high_s + silence(pair).high_s


def predict_outage(pair: Pair, fault: str) -> Band:
    """The band of `fault`'s outage when it hits the pair's holder. Raises ParameterError for one without a theory."""
    if fault not in PREDICTIONS:
        raise ParameterError(f"No theory knows the fault {fault!r}.", f"Known: {', '.join(PREDICTIONS)}.")
    return PREDICTIONS[fault](pair)


def _script_kills_keepalived(site: Site) -> bool:
    """With more than 2 s the chapter's script outlives its own sleep and reaches `killall keepalived`."""
    return site.check_script == "chapter" and site.check.interval > CHAPTER_SLEEP_S


def _then(seen: Band, takeover: Band, why: str) -> Band:
    return takeover.after(seen, f"{seen.because}; {why}; {takeover.because}")


def _never(why: str) -> Band:
    return Band(math.inf, math.inf, why)
