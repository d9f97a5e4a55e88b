"""What a failing check script does to the VIP, and when: keepalived's script scheduling. Pure; seconds.

Measured on 2.1.5, for scripts that run shorter than their interval: a run is due within one interval, each of the
`fall` runs takes one more, and the last counts once it has ended (at most `timeout`, which defaults to the interval).
"""

from __future__ import annotations

import math

from runbook_lib.failover.theory.band import Band, Part
from runbook_lib.failover.theory.pair import Pair, never_preempts, preempt_delay_s, watching
from runbook_lib.failover.theory.timers import master_down_s, skew_s
from runbook_lib.keepalived_conf.model import OWNER_PRIORITY, Tracked


def skew_part(pair: Pair) -> Part:
    """Skew_Time of the standby (RFC 3768 6.1, RFC 5798 6.1)."""
    skew = pair.skew_s
    return Part("skew", skew, skew, f"skew, {skew:.3f} s: the standby's priority is {pair.standing_priority}")


def goodbye(pair: Pair) -> Band:
    """The holder says goodbye: its priority-0 advertisement sets the standby's timer to Skew_Time (RFC 3768 6.4.2)."""
    rule = f"{pair.advert_s:g} s/256 (RFC 5798 6.1)" if pair.version == 3 else "1 s/256 (RFC 3768 6.1)"
    return Band.of([skew_part(pair)], f"skew = (256 − {pair.standing_priority}) · {rule}")


def silence(pair: Pair) -> Band:
    """The holder falls silent: Master_Down_Interval, 3A + skew, less the age of its last advertisement (up to A)."""
    advert, more = pair.advert_s, pair.adverts - 1
    parts = (
        Part("next advertisement", 0.0, advert, f"up to {advert:g} s until the next advertisement would have come"),
        Part("missed", more * advert, more * advert, f"{more} more that don't come, {more * advert:g} s"),
        skew_part(pair),
    )
    because = f"{pair.adverts}A + skew less up to A, with A = {advert:g} s and skew = {pair.skew_s:.3f} s"
    return Band.of(parts, because)


def detection(pair: Pair, run_s: tuple[float, float] | None = None) -> Band:
    """From the service's death until keepalived calls the check script failed; `run_s`: how long a run takes."""
    watched = watching(pair.holder)
    if watched is None:
        return Band(0.0, 0.0, "no script is tracked")
    script = watched[1]
    (low, high), interval, before = run_s or pair.behaviour.down_s, script.interval_s, script.fall - 1
    parts = [Part("next run", 0.0, interval, f"up to {interval:g} s until the next run of {script.name}")]
    if before:
        words = f"{before} more failed run{'s' if before > 1 else ''} (fall {script.fall}), {before * interval:g} s"
        parts.append(Part("repeats", before * interval, before * interval, words))
    took = f"{'' if low == high else 'up to '}{high:g} s that the run takes"
    parts.append(Part("run", low, high, took))
    repeats = f" + (fall {script.fall} − 1) · {interval:g} s" if before else ""
    return Band.of(parts, f"detection = up to {interval:g} s{repeats} + {took}")


def script_failure(pair: Pair, run_s: tuple[float, float] | None = None) -> Band:
    """The holder's check script fails for good: what that does to the VIP depends on the weight.

    Weight 0: FAULT, which says goodbye. Else the standby must see a lower priority than its own (RFC 3768 6.4.2): one
    that hears an equal one stays, and with `nopreempt` any.
    """
    watched = watching(pair.holder)
    if watched is None:
        return _never(f"{pair.holder.name} tracks no script: keepalived doesn't look at the service")
    tracked, seen = watched[0], detection(pair, run_s)
    kills_s = pair.behaviour.kills_keepalived_s
    if kills_s is not None:
        return _then(detection(pair, (kills_s, kills_s)), goodbye(pair), "the script reaches its killall")
    if tracked.weight == 0:
        return _then(seen, goodbye(pair), "weight 0: FAULT, which says goodbye")
    return _by_weight(pair, seen, tracked)


def _by_weight(pair: Pair, seen: Band, tracked: Tracked) -> Band:
    if not pair.holder.instance.group_weights:
        group = pair.holder.instance.sync_group
        return _never(f"a script with a weight is ignored in a sync group ({group})")
    failing, standing = pair.holder.instance.ill_of(tracked), pair.standing_priority
    if never_preempts(pair.standby):
        return _never(f"nopreempt on {pair.standby.name}: a lower priority than its own never moves the VIP")
    if failing >= standing:
        return _never(f"weight {tracked.weight}: {failing} is not below the {standing} of {pair.standby.name}")
    why = f"weight {tracked.weight}: {failing} is below the {standing} of {pair.standby.name}"
    return _then(seen, _ignored(pair), why)


def says_goodbye(pair: Pair) -> bool:
    """Whether a failing script makes the holder send a priority-0 advertisement."""
    watched = watching(pair.holder)
    return watched is not None and (watched[0].weight == 0 or pair.behaviour.kills_keepalived_s is not None)


def returning_s(pair: Pair) -> float:
    """Master_Down_Interval of the node with the higher priority: what it waits when it starts, even as MASTER."""
    first = max((pair.holder, pair.standby), key=lambda side: side.instance.well)
    if first.instance.priority == OWNER_PRIORITY:
        return 0.0
    skew = skew_s(pair.version, first.instance.well, pair.advert_s)
    return master_down_s(pair.advert_s, skew, pair.adverts_of(first)) + preempt_delay_s(first)


def _ignored(pair: Pair) -> Band:
    """From a lower priority until the standby, which ignores such advertisements, takes over."""
    last, delay = silence(pair), preempt_delay_s(pair.standby)
    if not delay:
        return last
    high = delay + pair.advert_s
    words = f"preempt_delay {delay:g} s, from the next advertisement on"
    return Band.of((Part("preempt_delay", delay, high, words), *last.parts), f"{words}; {last.because}")


def _then(seen: Band, takeover: Band, why: str) -> Band:
    return Band.of((*seen.parts, *takeover.parts), f"{seen.because}; {why}; {takeover.because}")


def _never(why: str) -> Band:
    return Band(math.inf, math.inf, why, (Part("no takeover", math.inf, math.inf, why),))
