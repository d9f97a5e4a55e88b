"""What one trial leaves: its samples, its marks on the probe's clock, and what follows from both. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from runbook_lib.failover.measuring.holders import Hold
from runbook_lib.failover.measuring.samples import (
    DISTURBED_S,
    HTTP,
    Outage,
    Recording,
    find_outages,
    worst_lateness_s,
)
from runbook_lib.failover.measuring.timeline import RawTrial, Timeline, timeline
from runbook_lib.failover.theory.band import Band
from runbook_lib.failover.theory.predictions import TOLERANCE_S, Exact
from runbook_lib.failover.trials.application import Followed
from runbook_lib.hosts import ClockOffset

MARGIN_S = 1.0
"""Lateness counts from this long before the fault to this long after the outage, and no later: a boot loads us all."""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What only the run itself knew of a trial. Times: seconds on the probe's clock."""

    fault: str
    what: str
    """What happened, one clause."""
    name: str
    """Of the fault's record and of the trial's files: `shutdown-master-1a2b3c4d`."""
    vip: str
    nodes: Mapping[str, str]
    """The pair: address by name."""
    router_id: int
    keepalived: str
    """The release found on the node that takes over."""
    band: Band
    exact: Exact | None
    """From which word on the wire the recovery can be told exactly; None: from none."""
    seed: int
    phase_s: float
    """The random wait before the fault, so that it meets the timers at any phase."""
    holder: str
    """Who held the VIP in the steady state before."""
    clocks: Mapping[str, ClockOffset]
    """Each node's clock against the observer's, by name."""
    ready_s: float
    """When all was prepared for the fault: until then a holder may have been taken away on purpose."""
    fault_s: float
    """When the fault was applied, by the clock of the machine that it hit, its offset taken off."""
    undone_s: float
    steady_s: float
    """When the site was in steady state again."""
    holders: tuple[str, ...]
    """Who held the VIP just before the undo."""
    missing: Mapping[str, str]
    """What could not be written down, and why."""
    followed: Followed | None
    """What the sample application saw of a new value while the fault was on; None: it was not asked."""


@dataclass(frozen=True, kw_only=True)
class Trial(Facts):
    """Steady state, fault, outage, undo, steady state again: the facts, and the raw files."""

    recording: Recording
    capture: bytes = field(repr=False)
    """The pcap of VRRP and ARP; empty where there is none."""
    addresses: Mapping[str, str] = field(repr=False)
    """What each node wrote of its addresses, by name."""

    @property
    def raw(self) -> RawTrial:
        """What the timeline is made of."""
        return RawTrial(
            recording=self.recording,
            capture=self.capture,
            addresses=self.addresses,
            vip=self.vip,
            holder=self.holder,
            ready_s=self.ready_s,
            nodes=self.nodes,
            router_id=self.router_id,
            fault_s=self.fault_s,
            undone_s=self.undone_s,
            steady_s=self.steady_s,
            longest_gap_s=0.0 if self.band.never else self.band.high_s + TOLERANCE_S,
            clocks=self.clocks,
            missing=self.missing,
        )

    @cached_property
    def timeline(self) -> Timeline:
        """What every layer and every node saw."""
        return timeline(self.raw)

    @property
    def outage(self) -> Outage | None:
        """The fault's outage; None: no request was lost while it was on."""
        return self.timeline.layer(HTTP).outage

    @property
    def lasted_s(self) -> float | None:
        """How long the service was away; 0: no request was lost; None: it did not come back."""
        return 0.0 if self.outage is None else self.outage.duration_s

    @property
    def predicted_end_s(self) -> float | None:
        """The exact moment of the predicted recovery; None: the wire doesn't tell it, or nobody heard it."""
        if self.exact is None:
            return None
        return self.exact.moment_s(last_advert_s=self.timeline.last_advert_s, goodbye_s=self.timeline.goodbye_s)

    @property
    def predicted_s(self) -> float | None:
        """The outage that ends in that moment; None where there is none."""
        if self.predicted_end_s is None or self.outage is None:
            return None
        return self.predicted_end_s - self.outage.start_s

    @cached_property
    def way_back(self) -> tuple[Outage, ...]:
        """Later outages: the second change of holder when the MASTER returns, and what stale ARP entries cost."""
        if self.outage is not None and self.outage.end_s is None:
            return ()
        over_s = self.undone_s if self.outage is None or self.outage.end_s is None else self.outage.end_s
        return tuple(o for o in find_outages(self.recording.samples) if o.start_s >= over_s)

    @property
    def handed_back(self) -> tuple[Hold, ...]:
        """Who took the VIP after the undo, and when: the second change of holder."""
        return tuple(hold for hold in self.timeline.holds if hold.start_s > self.undone_s)

    @cached_property
    def lateness_s(self) -> float:
        """The latest send around the outage."""
        ended_s = self.undone_s if self.outage is None or self.outage.end_s is None else self.outage.end_s
        return worst_lateness_s(self.recording.samples, self.fault_s - MARGIN_S, ended_s + MARGIN_S)

    @property
    def uncertainty_s(self) -> float:
        """What the measured outage may be off: each of its edges lies somewhere in the gap between two probes."""
        return 0.0 if self.outage is None else max(self.outage.start_gap_s, self.outage.end_gap_s)

    @property
    def disturbances(self) -> tuple[str, ...]:
        """By which of the rules a machine stalled in it: the prober's sends, the new holder's moments."""
        late = f"a send was {self.lateness_s * 1e3:.0f} ms late" if self.lateness_s > DISTURBED_S else ""
        # Where only a rate is predicted, advertisements are lost on purpose, the new holder's first one, too.
        stall = "" if self.band.says_nothing else self.timeline.stall
        return tuple(filter(None, (late, stall)))

    @property
    def disturbed(self) -> bool:
        """A machine stalled in it: the trial is kept and counted, not judged."""
        return bool(self.disturbances)

    def __str__(self) -> str:
        lost = str(self.outage) if self.outage else "nothing lost"
        held = " and ".join(self.holders) or "nobody"
        stalled = f"; disturbed: {', '.join(self.disturbances)}" if self.disturbed else ""
        return f"{self.fault}: {lost}; predicted {self.band}; then {held} held the VIP{stalled}"
