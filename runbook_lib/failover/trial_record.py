"""What one trial leaves: its samples, its marks on the probe's clock, and what follows from both. Pure."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import cached_property

from runbook_lib.failover.application import Followed
from runbook_lib.failover.theory import Band
from runbook_lib.failover.timeline import (
    DISTURBED_S,
    Outage,
    Recording,
    find_outages,
    outage_of_fault,
    worst_lateness_s,
)

MARGIN_S = 1.0
"""Lateness counts from this long before the fault to this long after the outage, and no later: a boot loads us all."""


@dataclass(frozen=True)
class Skipped:
    """Nothing was done, for this reason."""

    reason: str

    def __repr__(self) -> str:
        return f"SKIPPED: {self.reason}"


@dataclass(frozen=True)
class Trial:
    """Steady state, fault, outage, undo, steady state again. Times: seconds on the probe's clock."""

    fault: str
    what: str
    """What happened, one clause."""
    name: str
    """Of the fault's record and of the trial's files: `shutdown-master-1a2b3c4d`."""
    vip: str
    band: Band
    seed: int
    phase_s: float
    """The random wait before the fault, so that it meets the timers at any phase."""
    asked_s: float
    """The newest sample when the fault was asked for."""
    fault_s: float
    """When the fault was applied, by the clock of the machine that it hit."""
    undone_s: float
    steady_s: float
    """When the site was in steady state again."""
    holders: tuple[str, ...]
    """Who held the VIP just before the undo."""
    recording: Recording
    followed: Followed | None = None
    """What the sample application saw of a new value while the fault was on; None: it was not asked."""

    @cached_property
    def outage(self) -> Outage | None:
        """The fault's outage; None: no request was lost."""
        return outage_of_fault(self.recording.samples, self.asked_s)

    @cached_property
    def way_back(self) -> tuple[Outage, ...]:
        """Later outages: the VIP's second change of holder when the MASTER returns (it preempts)."""
        if self.outage is None or self.outage.end_s is None:
            return ()
        end_s = self.outage.end_s
        return tuple(o for o in find_outages(self.recording.samples) if o.start_s >= end_s)

    @cached_property
    def lateness_s(self) -> float:
        """The latest send around the outage."""
        ended_s = self.undone_s if self.outage is None or self.outage.end_s is None else self.outage.end_s
        return worst_lateness_s(self.recording.samples, self.fault_s - MARGIN_S, ended_s + MARGIN_S)

    @property
    def disturbed(self) -> bool:
        """The measuring machine itself stalled: the trial is kept and counted, not judged."""
        return self.lateness_s > DISTURBED_S

    def facts(self) -> str:
        """Everything but the samples, as JSON: with them, every number of the trial can be computed again."""
        band = None if self.band.never else [self.band.low_s, self.band.high_s]
        facts = {
            "fault": self.fault,
            "fault_id": self.name,
            "vip": self.vip,
            "band_s": band,
            "because": self.band.because,
            "seed": self.seed,
            "phase_s": self.phase_s,
            "probe_start_unix_s": self.recording.start_unix_s,
            "asked_s": self.asked_s,
            "fault_s": self.fault_s,
            "undone_s": self.undone_s,
            "steady_s": self.steady_s,
            "holders": self.holders,
            "outage_s": self.outage and self.outage.duration_s,
            "lateness_s": self.lateness_s,
            "application": self.followed and asdict(self.followed),
        }
        return json.dumps(facts, indent=2, ensure_ascii=False) + "\n"

    def __str__(self) -> str:
        lost = str(self.outage) if self.outage else "nothing lost"
        held = " and ".join(self.holders) or "nobody"
        stalled = f"; disturbed: a send was {self.lateness_s * 1e3:.0f} ms late" if self.disturbed else ""
        return f"{self.fault}: {lost}; predicted {self.band}; then {held} held the VIP{stalled}"
