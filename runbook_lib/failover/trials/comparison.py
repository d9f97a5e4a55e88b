"""Every fault of the catalogue, so many times each: what was predicted beside what was measured."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from runbook_lib.checks.verdict import Check, Skipped, Verdict
from runbook_lib.failover.faults.catalogue import FAULTS, fault_named
from runbook_lib.failover.faults.inject import not_agreed, why_not
from runbook_lib.failover.trials.claims import as_predicted, judge_outage
from runbook_lib.failover.trials.pace import Pace, Tell, tell_nobody
from runbook_lib.failover.trials.series import Series, TrialTable, require_count, run_series
from runbook_lib.failover.trials.trial import nobody_measures
from runbook_lib.failover.trials.trial_record import Trial
from runbook_lib.hosts import OpenSite

TABLE = "data/trials.csv"
MOST_DISTURBED = 0.10
"""Share of the trials that may be disturbed: with more, the machine was too busy to measure on."""
AGAIN = "Measure again when less is going on. A node that is late each time does not stall: journalctl -u keepalived"
LEAST_INSIDE = 0.95
"""Share of the others that must lie inside the band."""
EXACT_MEDIAN_S, EXACT_95_S = 0.010, 0.030
"""How far the exact prediction may be off: in the median, and at the 95th percentile."""
EXACT_FROM = 10
"""The median is judged from so many trials on: the probe asks every 10 ms."""


@dataclass(frozen=True)
class Comparison:
    """A series of each fault or configuration, and why others were not tried."""

    series: tuple[Series, ...]
    skipped: Mapping[str, str] = field(default_factory=dict)

    def told(self, seen: Iterable[str]) -> str:
        """What was seen, and after it why the others were not tried."""
        left_out = (f"not tried: {'; '.join(self.skipped.values())}",) if self.skipped else ()
        return "; ".join((*seen, *left_out))

    def nothing_judged(self, why: Iterable[str]) -> Verdict:
        """SKIPPED, for these reasons, and for those for which others were not tried."""
        return Verdict.skipped(self.told(("no trial is judged", *why)))


@dataclass(frozen=True)
class Summary:
    """A row: one series in numbers."""

    name: str
    predicted: str
    measured: str
    """Shortest to longest of the trials that are judged."""
    median: str
    as_predicted: str
    exact_off: str
    """How far the exact prediction was off: in the median, and at the 95th percentile; empty: there is none."""
    disturbed: int


def compare_faults(
    site: OpenSite, trials: int, seed: int, faults: Sequence[str] = (), tell: Tell = tell_nobody
) -> Comparison | Skipped:
    """So many trials of each fault (all of them, where none is named) that the site allows and can undo.

    A row of each is kept in data/trials.csv; `tell` gets a sentence after each fault. Raises ParameterError for fewer
    than one, HostError as a trial does.
    """
    require_count(trials)
    if skipped := not_agreed(site, "faults") or nobody_measures(site.model):
        return skipped
    wanted = [fault_named(name) for name in faults] or list(FAULTS.values())
    left_out = {fault.name: skipped.reason for fault in wanted if (skipped := why_not(site, fault))}
    possible = [fault for fault in wanted if fault.name not in left_out]
    done: list[Series] = []
    pace = Pace(len(possible))
    table = TrialTable(site.folder / TABLE)
    for fault in possible:
        done.append(Series(fault.name, tuple(run_series(site, fault, trials, seed, table))))
        pace.one_more()
        tell(f"{pace}: {done[-1]}")
    return Comparison(tuple(done), left_out)


def summaries(found: Comparison | Skipped) -> tuple[Summary, ...] | Skipped:
    """A row for each series. Pure."""
    return found if isinstance(found, Skipped) else tuple(map(summary_of, found.series))


def summary_of(series: Series) -> Summary:
    """One series in numbers. Pure."""
    lasted, off = series.lasted_s, exact_errors_s(series.judged)
    return Summary(
        name=series.name,
        predicted=str(series.band),
        measured=f"{lasted[0]:.3f}-{lasted[-1]:.3f} s" if lasted else "",
        median=f"{statistics.median(lasted):.3f} s" if lasted else "",
        as_predicted=f"{series.inside} of {len(series.judged)}" if series.judged else "not judged",
        exact_off=f"{statistics.median(off) * 1e3:.0f} ms, {percentile(off, 95) * 1e3:.0f} ms" if off else "",
        disturbed=series.disturbed,
    )


def exact_errors_s(trials: Sequence[Trial]) -> list[float]:
    """|predicted − measured| of those that have an exact prediction. Pure."""
    pairs = [(trial.predicted_s, trial.lasted_s) for trial in trials]
    return [abs(told - lasted) for told, lasted in pairs if told is not None and lasted is not None]


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that so many per cent do not exceed (nearest rank). Pure."""
    return sorted(values)[max(0, math.ceil(percent / 100 * len(values)) - 1)]


def catalogue_as_predicted(found: Comparison | Skipped) -> Check:
    """Check `failover.catalogue-as-predicted`: of each fault nearly all outages lie in the predicted band."""
    claim = f"Of each fault at least {LEAST_INSIDE:.0%} of the outages are as predicted."
    return Check("failover.catalogue-as-predicted", claim, "10", lambda: judge_catalogue(found))


def judge_catalogue(found: Comparison | Skipped) -> Verdict:
    """FAILED for a series of which too many lie outside; WARNED where too many trials were disturbed. Pure.

    SKIPPED where no trial is judged.
    """
    if isinstance(found, Skipped):
        return Verdict.skipped(found.reason)
    wrong = [series for series in found.series if series.inside < LEAST_INSIDE * len(series.judged)]
    stalled = [series for series in found.series if series.disturbed > MOST_DISTURBED * len(series.trials)]
    observed = found.told(f"{row.name} {row.as_predicted}" for row in map(summary_of, found.series))
    if wrong:
        return Verdict.failed(observed, " ".join(map(_first_hint, wrong)))
    if stalled:
        return Verdict.warned(f"{observed}; disturbed: {'; '.join(map(_stalled, stalled))}", AGAIN)
    if not any(series.judged for series in found.series):
        return found.nothing_judged(f"of {series.name} only a rate is predicted" for series in found.series)
    return Verdict.passed(observed)


def _stalled(series: Series) -> str:
    first = next(trial for trial in series.trials if trial.disturbed)
    return f"{series.name} {series.disturbed} of {len(series.trials)} ({', '.join(first.disturbances)})"


def _first_hint(series: Series) -> str:
    return next(f"{series.name}: {judge_outage(t).hint}" for t in series.judged if not as_predicted(t))


def exact_as_predicted(found: Comparison | Skipped) -> Check:
    """Check `failover.exact-prediction`: where the wire tells the moment, the outage ends in it."""
    claim = (
        f"Where the wire tells when the timer began, the outage ends within {EXACT_MEDIAN_S * 1e3:.0f} ms of the "
        f"prediction in the median, and within {EXACT_95_S * 1e3:.0f} ms at the 95th percentile."
    )
    return Check("failover.exact-prediction", claim, "10", lambda: judge_exact(found))


def judge_exact(found: Comparison | Skipped) -> Verdict:
    """FAILED when the exact predictions of all trials together are too far off. Pure."""
    if isinstance(found, Skipped):
        return Verdict.skipped(found.reason)
    off = exact_errors_s([trial for series in found.series for trial in series.judged])
    if not off:
        return Verdict.skipped("no trial has an exact prediction: was VRRP captured, and is the version known?")
    median, high = statistics.median(off), percentile(off, 95)
    observed = f"{len(off)} trials: {median * 1e3:.1f} ms in the median, {high * 1e3:.1f} ms at the 95th percentile"
    if (median > EXACT_MEDIAN_S and len(off) >= EXACT_FROM) or high > EXACT_95_S:
        return Verdict.failed(observed, "Does each daemon run what its file says (05)? Which version is it (02)?")
    return Verdict.passed(observed)
