"""Trials of one fault, one after the other: each with a seed of its own, and a row for programs."""

from __future__ import annotations

import csv
import io
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from functools import cached_property
from itertools import islice
from pathlib import Path

from runbook_lib.checks.verdict import Status
from runbook_lib.errors import ParameterError
from runbook_lib.failover.faults.catalogue import Fault
from runbook_lib.failover.theory.band import Band
from runbook_lib.failover.trials.claims import as_predicted, judge_outage
from runbook_lib.failover.trials.trial import run_trial
from runbook_lib.failover.trials.trial_record import Trial
from runbook_lib.hosts import OpenSite
from runbook_lib.outward import outward


@dataclass(frozen=True)
class Row:
    """One trial in the table: times in ms, empty where there is none."""

    trial: int
    fault: str
    seed: int
    fault_at: str
    """UTC, by the clock of the machine that the fault hit."""
    low_ms: float | None
    high_ms: float | None
    """The predicted band; none where the outage lasts until the undo."""
    predicted_ms: float | None
    """The exact prediction, where the wire tells the moment."""
    measured_ms: float | None
    """None: no request was lost, or the service did not come back before the undo."""
    uncertainty_ms: float | None
    """How much longer or shorter it may have been: the wider of the gaps between the requests at its two edges."""
    disturbed: bool
    disturbance: str
    """Which machine stalled, and by how much."""
    verdict: str


@dataclass(frozen=True)
class Series:
    """Trials of one fault on one configuration."""

    name: str
    """Of the fault, or of the configuration that was tried."""
    trials: tuple[Trial, ...]

    @cached_property
    def judged(self) -> tuple[Trial, ...]:
        """Those whose outage says something: not disturbed, and with a band that excludes anything at all."""
        return tuple(trial for trial in self.trials if judge_outage(trial).status is not Status.SKIPPED)

    @property
    def disturbed(self) -> int:
        """In so many a machine stalled."""
        return sum(trial.disturbed for trial in self.trials)

    @property
    def inside(self) -> int:
        """So many of the judged are as predicted."""
        return sum(as_predicted(trial) for trial in self.judged)

    @property
    def band(self) -> Band:
        """The predicted band; where trials differ (another node held the VIP), the one that holds all of theirs."""
        bands = {trial.band for trial in self.trials}
        if len(bands) == 1:
            return next(iter(bands))
        return Band(min(b.low_s for b in bands), max(b.high_s for b in bands), "depends on who held the VIP")

    @property
    def lasted_s(self) -> list[float]:
        """How long the judged outages lasted, shortest first; 0: nothing was lost. Without those that had no end."""
        return sorted(trial.lasted_s for trial in self.judged if trial.lasted_s is not None)

    def __str__(self) -> str:
        stalled = f", {self.disturbed} disturbed and not judged" if self.disturbed else ""
        judged = f"{self.inside} of {len(self.judged)} as predicted" if self.judged else "not judged"
        return f"{self.name}: {judged} ({self.band}){stalled}"


class TrialTable:
    """A row for each trial so far, in a file that is written after each: one that is killed loses none."""

    def __init__(self, path: Path) -> None:
        """The file that it is kept in, once there is a trial."""
        self.rows: list[Row] = []
        self._path = path

    def add(self, number: int, trial: Trial) -> None:
        """Keep the row of one more; `number` counts within its series. Raises OSError; the file stays as it was."""
        self.rows.append(row_of(number, trial))
        part = self._path.with_name(f"{self._path.name}.part")
        part.write_text(outward(render_csv(self.rows)), encoding="utf-8")
        part.replace(self._path)


def run_series(site: OpenSite, fault: Fault, trials: int, seed: int, table: TrialTable) -> Iterator[Trial]:
    """So many trials, each when it is asked for, and in the table then. Raises HostError as a trial does."""
    for number, own in enumerate(islice(seeds(seed), trials), start=1):
        trial = run_trial(site, fault, own)
        table.add(number, trial)
        yield trial


def require_count(trials: int) -> None:
    """Raises ParameterError for fewer trials than one."""
    if trials < 1:
        raise ParameterError(f"trials = {trials} is too few.", "Give 1 or more: -p trials=3")


def seeds(seed: int) -> Iterator[int]:
    """A seed for each trial, without end; the same `seed` gives the same ones. Pure."""
    source = random.Random(seed)
    while True:
        yield source.getrandbits(32)


def row_of(number: int, trial: Trial) -> Row:
    """A trial as its row. Pure."""
    at = datetime.fromtimestamp(trial.recording.start_unix_s + trial.fault_s, UTC)
    outage, band = trial.outage, trial.band
    return Row(
        trial=number,
        fault=trial.fault,
        seed=trial.seed,
        fault_at=at.isoformat(timespec="microseconds"),
        low_ms=_ms(band.low_s),
        high_ms=_ms(band.high_s),
        predicted_ms=_ms(trial.predicted_s),
        measured_ms=_ms(outage.duration_s) if outage else None,
        uncertainty_ms=_ms(trial.uncertainty_s) if outage else None,
        disturbed=trial.disturbed,
        disturbance=", ".join(trial.disturbances),
        verdict=str(judge_outage(trial).status),
    )


def render_csv(rows: Sequence[Row]) -> str:
    """The table as CSV, with a header; `disturbed` is true or false. Pure."""
    text = io.StringIO()
    writer = csv.DictWriter(text, [field.name for field in fields(Row)], lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow(asdict(row) | {"disturbed": str(row.disturbed).lower()})
    return text.getvalue()


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None or math.isinf(seconds) else round(seconds * 1e3, 1)
