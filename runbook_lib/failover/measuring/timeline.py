"""A trial put together from what was written down: probe, capture, addresses. Pure: raw files in, times out.

All times are seconds since the probe's start, on the observer's monotonic clock; a node's own times have its clock's
offset taken off, and the rest of it as an error.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from runbook_lib.failover.measuring.clocks import fault_window
from runbook_lib.failover.measuring.handover import HandOver, find_handover
from runbook_lib.failover.measuring.holders import Hold, Seen, find_holds, parse_addresses
from runbook_lib.failover.measuring.invariant import Allowed, Breach, gaps, overlaps, violations
from runbook_lib.failover.measuring.layers import Layer, MeasuredPart, Unknown, find_layers, find_parts, find_unknown
from runbook_lib.failover.measuring.samples import HTTP, LANES, Recording, Span, Window, answers
from runbook_lib.failover.measuring.wire import Advertisement, Announcement, Claim, Wire, parse_capture
from runbook_lib.hosts import ClockOffset


@dataclass(frozen=True)
class RawTrial:
    """What a trial wrote down, and the marks without which it can't be read."""

    recording: Recording
    capture: bytes
    """The pcap; empty where there is none."""
    addresses: Mapping[str, str]
    """What each node wrote of its addresses, by name."""
    vip: str
    holder: str
    """Who held the VIP in the steady state before."""
    nodes: Mapping[str, str]
    """The pair: address by name."""
    router_id: int
    fault_s: float
    undone_s: float
    steady_s: float
    longest_gap_s: float
    """So long the VIP may have no holder while the fault is on; 0 where it is predicted to stay."""
    clocks: Mapping[str, ClockOffset]
    """Each node's against the observer's, by name."""
    ready_s: float = 0.0
    """When all was prepared for the fault: from here on the invariant watches."""
    missing: Mapping[str, str] = field(default_factory=dict)
    """Why a file is not there, or not whole: `capture`, or the node whose addresses were to be written down."""

    @property
    def window(self) -> Window:
        """What lies in it belongs to the fault."""
        return fault_window(self.fault_s, self.clocks, self.undone_s)


@dataclass(frozen=True)
class Timeline:
    """One trial: what every layer and every node saw, and what follows from it."""

    holder: str
    """Who held the VIP when the fault came."""
    handover: HandOver
    layers: tuple[Layer, ...]
    """VRRP, ARP, ICMP, TCP, HTTP."""
    parts: tuple[MeasuredPart, ...]
    """Of the HTTP outage, one after another: detect, elect, add VIP, announce, first good answer."""
    lanes: Mapping[str, tuple[Span, ...]]
    """Of each lane of the probe: who answered, or how requests failed, stretch by stretch."""
    holds: tuple[Hold, ...]
    advertisements: tuple[Advertisement, ...]
    """Of this virtual router."""
    announcements: tuple[Announcement, ...]
    claims: tuple[Claim, ...]
    overlaps: tuple[Breach, ...]
    """Every stretch with two holders, also those within the allowance."""
    gaps: tuple[Breach, ...]
    """Every stretch without a holder, also the predicted one."""
    violations: tuple[Breach, ...]
    """Those that nothing excuses."""
    stall: str
    """How the new holder's machine stalled in the middle of its take-over; empty: it did not, as far as was seen."""
    unknown: tuple[Unknown, ...]
    """What could not be observed: no failure, and no proof of the contrary."""

    def layer(self, name: str) -> Layer:
        """One layer by its name."""
        return next(layer for layer in self.layers if layer.name == name)

    @property
    def last_advert_s(self) -> float | None:
        """When the old holder's last advertisement went out that the other one heeded; None: not seen."""
        return self.handover.last_advert.at_s if self.handover.last_advert else None

    @property
    def goodbye_s(self) -> float | None:
        """When the old holder's priority-0 advertisement went out; None: it sent none, or nobody saw it."""
        return self.handover.goodbye.at_s if self.handover.goodbye else None


def timeline(raw: RawTrial) -> Timeline:
    """Everything that the files say. Raises RunbookError when one of them can't be read."""
    window = raw.window
    wire = _wire(raw)
    # What ended before the trial did is not read: from then on its silence means nothing.
    seen = {node: parse_addresses(text, raw.vip) for node, text in raw.addresses.items() if node not in raw.missing}
    holds = tuple(hold for node in raw.nodes for hold in _holds(raw, node, seen.get(node, ())))
    holder = _holder_at(window.start_s, holds) or raw.holder
    handover = find_handover(holder, raw.nodes, wire, holds, window)
    layers = find_layers(raw.recording, handover, window, _unheard(raw))
    overlapping, empty = overlaps(holds, raw.steady_s), gaps(holds, _watched_from_s(raw, seen), raw.steady_s)
    unseen = tuple(_unseen(raw, seen))
    http = next(layer for layer in layers if layer.name == HTTP)
    return Timeline(
        holder=holder,
        handover=handover,
        layers=layers,
        parts=find_parts(handover, http.outage),
        lanes={name: tuple(answers(raw.recording.lane(name))) for name in LANES},
        holds=holds,
        advertisements=wire.advertisements,
        announcements=wire.announcements,
        claims=wire.claims,
        overlaps=overlapping,
        gaps=() if unseen else empty,  # the one that was not watched may have held it
        violations=violations(
            overlapping, () if unseen else empty, Allowed(window.start_s, window.end_s, raw.longest_gap_s)
        ),
        stall=handover.stall(raw.clocks[handover.successor].error_s) if handover.successor else "",
        unknown=(*find_unknown(raw.recording), *unseen),
    )


def _wire(raw: RawTrial) -> Wire:
    if _unheard(raw):
        return Wire()
    wire = parse_capture(raw.capture, raw.vip, raw.recording.start_unix_s)
    ours = tuple(a for a in wire.advertisements if a.router_id == raw.router_id)
    return Wire(ours, wire.announcements, wire.claims)


def _holds(raw: RawTrial, node: str, seen: Sequence[Seen]) -> Iterator[Hold]:
    """The node's holds on the probe's clock."""
    clock = raw.clocks[node]
    zero = raw.recording.start_unix_s + clock.offset_s
    for hold in find_holds(node, seen, raw.fault_s + zero):
        end_s = None if hold.end_s is None else hold.end_s - zero
        yield Hold(node, hold.start_s - zero, end_s, clock.error_s, hold.found)


def _holder_at(at_s: float, holds: Sequence[Hold]) -> str:
    """The one node that held the VIP then; empty: none did, two did, or nobody knows."""
    then = {hold.node for hold in holds if hold.start_s <= at_s and (hold.end_s is None or at_s <= hold.end_s)}
    return then.pop() if len(then) == 1 else ""


def _watched_from_s(raw: RawTrial, seen: Mapping[str, Sequence[Seen]]) -> float:
    """When the last of the nodes began to be watched, and all was prepared for the fault."""
    firsts = [
        found[0].at_unix_s - raw.recording.start_unix_s - raw.clocks[node].offset_s
        for node, found in seen.items()
        if found
    ]
    return min(max([raw.ready_s, *firsts]), raw.steady_s)


def _unheard(raw: RawTrial) -> str:
    return raw.missing.get("capture", "" if raw.capture else "there is no capture")


def _unseen(raw: RawTrial, seen: Mapping[str, Sequence[Seen]]) -> Iterator[Unknown]:
    for node in raw.nodes:
        if not seen.get(node):
            yield Unknown(node, 0.0, raw.steady_s, raw.missing.get(node, "its addresses were not written down"))
