"""Other configurations of the same pair, each tried on the machines: what it buys, and what it costs."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from runbook_lib.checks.verdict import Check, Skipped, Verdict
from runbook_lib.failover.faults.catalogue import fault_named
from runbook_lib.failover.faults.inject import not_agreed, not_undoable
from runbook_lib.failover.theory.pair import Pair
from runbook_lib.failover.theory.timers import false_takeovers_per_hour
from runbook_lib.failover.trials.as_found import as_found, configured
from runbook_lib.failover.trials.comparison import Comparison, summary_of
from runbook_lib.failover.trials.pace import Pace, Tell, tell_nobody
from runbook_lib.failover.trials.series import Series, TrialTable, require_count, run_series
from runbook_lib.failover.trials.trial import nobody_measures
from runbook_lib.failover.trials.waiting import series_within_s
from runbook_lib.hosts import OpenSite
from runbook_lib.site import Site, site_with

NAME = "tuning"
TABLE = "data/configurations.csv"
"""In the order of VARIANTS; beside data/trials.csv, which is that of the faults."""
LOSS = 0.01
"""Of VRRP packets: what the cost in false failovers is computed for."""
FAST = "advert_int 0.02, version 3"
FAST_OUTAGE_S = 0.100


@dataclass(frozen=True)
class Variant:
    """A configuration to be tried, by what differs from the site's own."""

    title: str
    parameters: Mapping[str, object]
    """Dotted names inside `site`."""
    fault: str
    why: str
    """What to look for."""


V2: Mapping[str, object] = {"vrrp.version": 2, "vrrp.advert_int": 1.0}
"""The chapter's, whatever the site itself has: a comparison needs one of them to begin with."""
VARIANTS = (
    Variant("advert_int 1, version 2", V2, "power-off-master", "the chapter's own"),
    Variant(
        "advert_int 0.1, version 3", {"vrrp.version": 3, "vrrp.advert_int": 0.1}, "power-off-master",
        "ten times as many packets, a tenth of the outage",
    ),
    Variant(
        FAST, {"vrrp.version": 3, "vrrp.advert_int": 0.02}, "power-off-master",
        "near the limit: a stall of 60 ms is a failover",
    ),
    Variant(
        "priorities 254 and 253", {**V2, "nodes.master.priority": 254, "nodes.backup.priority": 253},
        "power-off-master", "skew shrinks to 12 ms in version 2",
    ),
    Variant("weight 0", {**V2, "weight": 0}, "openresty-cannot-start", "a failing script says goodbye"),
    Variant(
        "weight -60", {**V2, "weight": -60}, "openresty-cannot-start",
        "the MASTER goes on at a lower priority until the BACKUP's timer has run out",
    ),
    Variant(
        "nopreempt", {**V2, "vrrp.preempt": False}, "power-off-master", "no second change of holder on the way back",
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Tried:
    """A variant, the site as it was then, and its trials."""

    variant: Variant
    site: Site
    series: Series


@dataclass(frozen=True)
class Cost:
    """A row: what a configuration buys, and what it costs."""

    configuration: str
    fault: str
    predicted: str
    measured: str
    median: str
    packets_per_s: str
    false_failovers: str
    """A year, where one VRRP packet in a hundred is lost."""
    way_back: str
    """What the return of the MASTER cost."""


def compare_configurations(
    site: OpenSite, trials: int, seed: int, tell: Tell = tell_nobody
) -> tuple[Tried, ...] | Skipped:
    """So many trials of each variant on the site's own nodes, whose configuration is put back after.

    A row of each is kept in data/configurations.csv; `tell` gets a sentence after each variant. Raises ParameterError
    for fewer than one, HostError as a trial does.
    """
    require_count(trials)
    skipped = not_agreed(site, "demonstrations") or nobody_measures(site.model) or fault_missing(site.model)
    if skipped:
        return skipped
    tried, table = list[Tried](), TrialTable(site.folder / TABLE)
    pace, models = Pace(len(VARIANTS)), [site_with(site.model, variant.parameters) for variant in VARIANTS]
    # So long the nodes keep the configuration that is tried, should nobody put the site's own back.
    expires_s = sum(series_within_s(replace(site, model=model), trials) for model in models)
    with as_found(site, NAME, expires_s):
        for variant, model in zip(VARIANTS, models, strict=True):
            there = configured(site, model, variant.title)
            done = tuple(run_series(there, fault_named(variant.fault), trials, seed, table))
            tried.append(Tried(variant, there.model, Series(variant.title, done)))
            pace.one_more()
            tell(f"{pace}: {tried[-1].series}")
    return tuple(tried)


def fault_missing(site: Site) -> Skipped | None:
    """Why one of the faults could not be undone at such a site; None: each can. Pure."""
    return next(filter(None, (not_undoable(site, fault_named(variant.fault)) for variant in VARIANTS)), None)


def costs(tried: Sequence[Tried] | Skipped) -> tuple[Cost, ...] | Skipped:
    """A row for each configuration. Pure."""
    return tried if isinstance(tried, Skipped) else tuple(cost_of(one) for one in tried)


def cost_of(one: Tried) -> Cost:
    """What a configuration bought and what it costs. Pure."""
    pair, summary = Pair.of(one.site), summary_of(one.series)
    per_year = 24 * 365 * false_takeovers_per_hour(LOSS, pair.advert_s, pair.adverts)
    back = [len(trial.way_back) for trial in one.series.trials]
    return Cost(
        configuration=one.variant.title,
        fault=one.variant.fault,
        predicted=summary.predicted,
        measured=summary.measured,
        median=summary.median,
        packets_per_s=f"{1 / pair.advert_s:g}",
        false_failovers=f"{per_year:,.0f} a year",
        way_back=f"{sum(count > 0 for count in back)} of {len(back)} lost a request",
    )


def fast_enough(tried: Sequence[Tried] | Skipped) -> Check:
    """Check `failover.fast-enough`: the fastest configuration loses the MASTER in a tenth of a second."""
    claim = f"With {FAST} the loss of the MASTER costs {FAST_OUTAGE_S * 1e3:.0f} ms or less in the median."
    return Check("failover.fast-enough", claim, "11", lambda: judge_fast(tried))


def judge_fast(tried: Sequence[Tried] | Skipped) -> Verdict:
    """FAILED when the median of the fast configuration's outages is longer. Pure."""
    if isinstance(tried, Skipped):
        return Verdict.skipped(tried.reason)
    lasted = next(one.series for one in tried if one.variant.title == FAST).lasted_s
    if not lasted:
        return Verdict.skipped("no trial of it is judged: each was disturbed")
    median = statistics.median(lasted)
    observed = f"{median * 1e3:.0f} ms in the median of {len(lasted)}, the longest {max(lasted) * 1e3:.0f} ms"
    if median > FAST_OUTAGE_S:
        return Verdict.failed(observed, "Is the machine busy? keepalived needs its processor in time at 20 ms.")
    return Verdict.passed(observed)


def comparison_of(tried: Sequence[Tried] | Skipped) -> Comparison | Skipped:
    """The same trials, to be judged as the catalogue's are. Pure."""
    return tried if isinstance(tried, Skipped) else Comparison(tuple(one.series for one in tried))
