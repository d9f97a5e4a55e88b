"""The outage as each layer saw it, and the parts that made it up. Pure; seconds on the probe's clock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from runbook_lib.failover.measuring.handover import HandOver
from runbook_lib.failover.measuring.samples import ARP, HTTP, LANES, Outage, Recording, Sample, Window, outage_of_fault
from runbook_lib.keepalived_conf.model import USUAL_ADVERTS

VRRP = "vrrp"
LAYERS = (VRRP, ARP, "icmp", "tcp", HTTP)
"""From the cause to what a client sees."""


@dataclass(frozen=True)
class Layer:
    """What one layer saw of the fault."""

    name: str
    outage: Outage | None
    """None: it lost nothing, or it was not observed."""
    unobserved: str = ""
    """Why nothing is known of it; empty: it was observed."""


@dataclass(frozen=True)
class MeasuredPart:
    """One stretch of the outage, and what it was spent on."""

    name: str
    start_s: float
    end_s: float

    @property
    def duration_s(self) -> float:
        """Seconds."""
        return self.end_s - self.start_s


@dataclass(frozen=True)
class Unknown:
    """A stretch of time that a lane could not observe: it says nothing of the service."""

    lane: str
    start_s: float
    end_s: float
    why: str

    def __str__(self) -> str:
        return f"{self.lane}, {self.start_s:.3f}-{self.end_s:.3f} s: {self.why}"


def find_layers(recording: Recording, handover: HandOver, window: Window, unheard: str) -> tuple[Layer, ...]:
    """The fault's outage layer by layer; `unheard`: why there is no capture, empty where there is one."""
    lanes = {name: _lane(recording, name, window) for name in LANES}
    vrrp = Layer(VRRP, None, unheard) if unheard else Layer(VRRP, _on_the_wire(handover))
    return (vrrp, _arp(lanes[ARP], handover, unheard), *(lanes[name] for name in LAYERS if name not in (VRRP, ARP)))


def find_parts(handover: HandOver, outage: Outage | None) -> tuple[MeasuredPart, ...]:
    """What the time from the first lost request to the first answered one was spent on; nothing for one without end.

    A moment that nobody saw has no part of its own: its time is in the next one, which has both names.
    """
    if outage is None or outage.end_s is None:
        return ()
    moments = [*_moments(handover), ("first good answer", outage.end_s)]
    parts: list[MeasuredPart] = []
    names: list[str] = []
    start = outage.start_s
    for i, (name, at_s) in enumerate(moments):
        names.append(name)
        if at_s is not None:
            # None may be over later than the one after it.
            end = max(start, min(later_s for _, later_s in moments[i:] if later_s is not None))
            parts.append(MeasuredPart(" + ".join(names), start, end))
            names, start = [], end
    return tuple(parts)


def find_unknown(recording: Recording) -> tuple[Unknown, ...]:
    """The stretches in which this machine itself could not send, lane by lane, in order."""
    return tuple(
        Unknown(name, run[0].sent_s, run[-1].sent_s, run[0].kind)
        for name in LANES
        for run in _runs(recording.lane(name))
        if not run[0].observed
    )


def _lane(recording: Recording, name: str, window: Window) -> Layer:
    samples = recording.lane(name)
    if not any(sample.observed for sample in samples):
        why = recording.missing.get(name) or (samples[0].kind if samples else "it was not probed")
        return Layer(name, None, why)
    return Layer(name, outage_of_fault(samples, window))


def _on_the_wire(handover: HandOver) -> Outage | None:
    """From the old holder's last advertisement to the new one's first."""
    if handover.left_s is None or not handover.successor:
        return None
    return _outage(handover.left_s, handover.first_advert.at_s if handover.first_advert else None, handover)


def _arp(lane: Layer, handover: HandOver, unheard: str) -> Layer:
    """Asked, from the first question without an answer; else from the old holder's last word.

    It ends with the new holder's first gratuitous ARP, from which on everybody knows; without one, with an answer.
    """
    if unheard:
        return lane
    if not lane.unobserved:
        announced = handover.announced_s
        if lane.outage is None or announced is None or announced < lane.outage.start_s:
            return lane
        return Layer(ARP, _outage(lane.outage.start_s, announced, handover, lane.outage))
    if handover.left_s is None or handover.announced_s is None:
        return Layer(ARP, None)
    return Layer(ARP, _outage(handover.left_s, handover.announced_s, handover))


def _outage(start_s: float, end_s: float | None, handover: HandOver, asked: Outage | None = None) -> Outage:
    gap, kinds = (asked.start_gap_s, asked.kinds) if asked else (0.0, ())
    return Outage(start_s, end_s, gap, 0.0, kinds, handover.successor)


def _moments(handover: HandOver) -> Iterator[tuple[str, float | None]]:
    """When each part was over."""
    if not handover.successor:
        return
    seen = (handover.first_advert.at_s if handover.first_advert else None, handover.vip_added_s, handover.announced_s)
    yield "detect", _detected_s(handover)
    yield "elect", min((at_s for at_s in seen if at_s is not None), default=None)
    yield "add VIP", handover.vip_added_s
    yield "announce", handover.announced_s


def _detected_s(handover: HandOver) -> float | None:
    """A goodbye is heard at once; a silence is noticed when as many advertisements are missing as usual.

    Master_Down_Interval is so many of their intervals, and skew (RFC 3768 6.1, RFC 5798 6.1).
    """
    if handover.goodbye is not None:
        return handover.goodbye.at_s
    last = handover.last_advert
    return None if last is None else last.at_s + USUAL_ADVERTS * last.advert_int_s


def _runs(samples: Sequence[Sample]) -> Iterator[list[Sample]]:
    for _, run in groupby(samples, key=lambda sample: "" if sample.observed else sample.kind):
        yield list(run)
