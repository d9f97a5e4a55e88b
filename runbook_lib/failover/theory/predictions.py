"""What the configuration predicts: how long each fault's outage lasts. Pure; seconds from the first lost request.

An outage is that of GET /entry through the VIP. Where only the wire is certain, the parts say so.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from runbook_lib.errors import ParameterError
from runbook_lib.failover.theory.band import Band, Part
from runbook_lib.failover.theory.pair import Pair, never_preempts, watching
from runbook_lib.failover.theory.script_theory import (
    detection,
    goodbye,
    returning_s,
    says_goodbye,
    script_failure,
    silence,
)
from runbook_lib.failover.theory.timers import false_takeovers_per_hour, takeover_chance

SYSTEMD_ACCURACY_S = 0.25
"""systemd may fire a service's restart timer this much late (sd_event_add_time(3): the default accuracy is 250 ms)."""
START_S = 0.15
"""From the restart timer to a listening OpenResty: configuration test, fork, bind."""
TOLERANCE_S = 0.05
"""What a measured outage may lie outside its band: the probe's step, ARP, and two cores shared by four machines."""
HANDOVER_S = 0.1
"""How long two nodes may hold the VIP on a hand-over; some requests may be lost in it (measured: 18 ms, and none)."""
DEFAULT_LOSS = 0.3


def openresty_cannot_start(pair: Pair) -> Band:
    """OpenResty dies and stays dead: what the script's result does to the VIP depends on the weight."""
    return _doubted(pair, script_failure(pair))


def freeze_openresty(pair: Pair) -> Band:
    """OpenResty takes connections and never answers: `ps` sees nothing, a request does once it gives up."""
    if pair.behaviour.frozen_s is None:
        why = "the script looks for the process only, which is there"
        return Band(math.inf, math.inf, why, (Part("not seen", math.inf, math.inf, why),))
    seen = script_failure(pair, pair.behaviour.frozen_s)
    if pair.behaviour.surely or seen.never:
        return seen
    return _or_for_good(seen, "for good where the script only looks for the process, which is there")


def _doubted(pair: Pair, seen: Band) -> Band:
    if pair.behaviour.for_service or seen.never:
        return seen
    return _or_for_good(seen, "for good where the script looks at something else: its name says nothing of the service")


def _or_for_good(seen: Band, words: str) -> Band:
    return Band.of((*seen.parts, Part("doubt", 0.0, math.inf, words)), f"{seen.because}; {words}")


def stop_openresty(pair: Pair) -> Band:
    """OpenResty stops and its unit restarts it; a script failure in the gap counts only with weight 0 and fall 1."""
    if pair.restart_s is None:
        return _unknown_restart(pair)
    restart, late = pair.restart_s, SYSTEMD_ACCURACY_S + START_S
    waits = Part("restart", restart, restart, f"RestartSec {restart:g} s of its unit")
    starts = Part("start", 0.0, late, f"up to {late:g} s: systemd's timer is that late, and OpenResty starts")
    again = Band.of((waits, starts), f"RestartSec {restart:g} s + systemd's timer + start")
    if pair.behaviour.starts_service:
        sooner = Part("script", -restart, 0.0, "the check script may start it first", alternative=True)
        return Band.of((*again.parts, sooner), "the chapter's script may start it first; " + again.because)
    seen, skew = detection(pair), pair.skew_s
    if not says_goodbye(pair) or seen.low_s >= again.high_s:
        return again
    low = min(again.low_s, seen.low_s + skew) - again.low_s
    gap = Part("gap", low, skew, f"or a run in the gap means FAULT, and skew {skew:.3f} s passes", alternative=True)
    return Band.of((*again.parts, gap), f"{again.because}, or FAULT in the gap and skew {skew:.3f} s")


def vrrp_loss(pair: Pair, loss: float = DEFAULT_LOSS) -> Band:
    """A part of the advertisements is lost: now and then so many in a row that the standby takes over for a moment."""
    chance = takeover_chance(loss, pair.adverts)
    hourly = false_takeovers_per_hour(loss, pair.advert_s, pair.adverts)
    words = (
        f"with {loss:.0%} loss the standby takes over about {hourly:.3g} times an hour, whenever {pair.adverts} "
        f"in a row are lost ({chance:.2g} of all such runs); both hold the VIP until it hears the MASTER again"
    )
    stale = "how long clients keep the wrong ARP entry then is theirs to say: only the wire is certain"
    return Band.of((Part("false takeover", 0.0, math.inf, f"{words}; {stale}"),), words)


def return_of_master(pair: Pair) -> Band:
    """The node with the higher priority comes back, and preempts: a hand-over, unless `nopreempt` stands there."""
    first = max((pair.holder, pair.standby), key=lambda side: side.instance.well)
    if never_preempts(first):
        return _stays(f"nopreempt on {first.name}: the VIP stays where it is")
    wait = returning_s(pair)
    run = " and its script's first run" if any(not tracked.weight for tracked in first.instance.tracked) else ""
    words = f"{first.name} waits {wait:.3f} s after its start{run}, then takes the VIP back: both hold it for a moment"
    return Band.of((Part("hand-over", 0.0, HANDOVER_S, words),), words)


def _shutdown(after: str) -> Callable[[Pair], Band]:
    """The machine shuts down: a clean stop of keepalived, if that comes before the network's."""

    def predict(pair: Pair) -> Band:
        said = goodbye(pair)
        words = f"keepalived is stopped before the network, and says goodbye{after}"
        return Band.of((Part("order", 0.0, 0.0, words), *said.parts), said.because)

    return predict


def _two_holders(what: str) -> Callable[[Pair], Band]:
    """The holder is not heard any more and keeps the VIP: the standby takes it too, and whoever is asked answers."""

    def predict(pair: Pair) -> Band:
        taken = silence(pair)
        words = f"{what}; {pair.standby.name} takes it too after {taken}, so that both hold it: a request may be lost"
        return Band.of((Part("two holders", 0.0, HANDOVER_S, words),), words)

    return predict


def _stop_nacos(pair: Pair) -> Band:
    answers = "OpenResty answers /entry by itself"
    if pair.behaviour.surely or watching(pair.holder) is None:
        return _stays(f"{answers}, and keepalived asks for nothing else: the VIP stays")
    return _stays(f"{answers}: the VIP stays, unless the check script asks Nacos, too")


def _stays(why: str) -> Band:
    return Band.of((Part("nothing", 0.0, 0.0, why),), why)


def _unknown_restart(pair: Pair) -> Band:
    """A unit that nobody described: it may start again at once, or never."""
    last = openresty_cannot_start(pair)
    told = "after its RestartSec where the unit says Restart=always, which these files don't tell"
    words = f"{told}; else as openresty-cannot-start"
    return Band.of((Part("restart", 0.0, last.high_s, words),), f"{words}: {last.because}")


@dataclass(frozen=True)
class Theory:
    """What is predicted of one fault."""

    outage: Callable[[Pair], Band]
    ends_after: Literal["", "goodbye", "script's goodbye", "last advertisement"] = ""
    """The word on the wire that the recovery follows, as a timer of the standby's runs from there; empty: none."""
    holders: Literal["one", "two", "one or two, by chance"] = "one"
    """Of the VIP, while the fault lasts."""


BY_CHANCE: Final = "one or two, by chance"
KEEPS_IT = "the VIP stays on its node, whose kernel goes on answering"
THEORIES: Mapping[str, Theory] = {
    "stop-openresty": Theory(stop_openresty),
    "openresty-cannot-start": Theory(openresty_cannot_start, "script's goodbye"),
    "freeze-openresty": Theory(freeze_openresty, "script's goodbye"),
    "stop-keepalived": Theory(goodbye, "goodbye"),
    "kill-keepalived-parent": Theory(goodbye, "goodbye"),  # its death sends the child SIGTERM
    "kill-keepalived": Theory(_two_holders(KEEPS_IT), holders="two"),
    "freeze-keepalived": Theory(_two_holders(KEEPS_IT), holders="two"),
    "shutdown-master": Theory(_shutdown(""), "goodbye"),
    "reboot-master": Theory(_shutdown("; it comes back later, as in return-of-master"), "goodbye"),
    "power-off-master": Theory(silence, "last advertisement"),
    "unplug-master": Theory(silence, "last advertisement"),
    "block-vrrp-one-side": Theory(_two_holders("the MASTER isn't heard, and keeps the VIP"), holders="two"),
    "block-vrrp-both": Theory(_two_holders("neither hears the other, and the MASTER keeps the VIP"), holders="two"),
    "vrrp-loss": Theory(vrrp_loss, holders=BY_CHANCE),
    "stop-nacos": Theory(_stop_nacos),
    "return-of-master": Theory(return_of_master),
}


def longest_takeover_s(pair: Pair) -> float:
    """How long to watch before a VIP that stays put can be said to stay: any detection, then any takeover."""
    return detection(pair).high_s + silence(pair).high_s


def predict_outage(pair: Pair, fault: str) -> Band:
    """The band of `fault`'s outage when it hits the pair's holder. Raises ParameterError for one without a theory."""
    if fault not in THEORIES:
        raise ParameterError(f"No theory knows the fault {fault!r}.", f"Known: {', '.join(THEORIES)}.")
    return THEORIES[fault].outage(pair)


@dataclass(frozen=True)
class Exact:
    """The recovery comes so long after a word on the wire: exactly, as a timer of the standby's ran from there."""

    after: Literal["goodbye", "last advertisement"]
    wait_s: float

    def moment_s(self, *, last_advert_s: float | None = None, goodbye_s: float | None = None) -> float | None:
        """The recovery's moment on the clock of the capture; None: nobody heard the word that it follows."""
        said_s = goodbye_s if self.after == "goodbye" else last_advert_s
        return None if said_s is None else said_s + self.wait_s


def exact_wait(pair: Pair, fault: str) -> Exact | None:
    """From which word on the wire the recovery can be told, and how long after it; None: from none.

    After a goodbye (stop, FAULT by a script) Skew_Time after the priority-0 advertisement (RFC 3768 6.4.2); after a
    loss Master_Down_Interval after the last advertisement. None also for a release of keepalived whose timers aren't
    known here.
    """
    if not pair.version_known or predict_outage(pair, fault).never:
        return None
    ends_after = THEORIES[fault].ends_after
    if ends_after == "goodbye" or (ends_after == "script's goodbye" and says_goodbye(pair)):
        return Exact("goodbye", pair.skew_s)
    return Exact("last advertisement", pair.master_down_s) if ends_after == "last advertisement" else None
