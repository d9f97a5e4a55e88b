"""A demonstration: the chapter's check script or ours, its weight or none, and an OpenResty that can't start again."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from runbook_lib.checks.verdict import Check, Skipped, Verdict
from runbook_lib.failover.faults.catalogue import fault_named
from runbook_lib.failover.faults.inject import not_agreed
from runbook_lib.failover.trials.as_found import as_found, configured
from runbook_lib.failover.trials.trial import nobody_measures, run_trial
from runbook_lib.failover.trials.trial_record import Trial
from runbook_lib.failover.trials.waiting import series_within_s
from runbook_lib.hosts import OpenSite
from runbook_lib.site import CHAPTER_WEIGHT, FIXED_WEIGHT, site_with

NAME = "combinations"
DISTURBS = "openresty-cannot-start, four times, with each check script and weight; what was found is put back"
FAULT = "openresty-cannot-start"
PAIRS = tuple((script, weight) for script in ("chapter", "fixed") for weight in (CHAPTER_WEIGHT, FIXED_WEIGHT))


@dataclass(frozen=True)
class Combination:
    """One script with one weight: what should have become of the VIP, and what did."""

    check_script: str
    weight: int
    predicted: str
    observed: str
    service_lost: str
    because: str

    @property
    def as_predicted(self) -> bool:
        """The VIP did what the configuration predicts."""
        return self.predicted == self.observed


def show_combinations(site: OpenSite) -> tuple[Combination, ...] | Skipped:
    """Try all four on the site, one after the other, and put back the script and the configuration that were found.

    Raises HostError when the site isn't in steady state before, between or after.
    """
    if skipped := not_agreed(site, "demonstrations") or nobody_measures(site.model):
        return skipped
    with as_found(site, NAME, series_within_s(site, len(PAIRS))):
        return tuple(_try(site, script, weight) for script, weight in PAIRS)


def combinations_shown(found: Sequence[Combination] | Skipped) -> Check:
    """Check `demonstration.combinations`: each of the four moved the VIP, or left it, as the configuration predicts."""
    claim = "With weight -20 the VIP stays where OpenResty is dead, with weight 0 it moves, whichever the script."
    return Check("demonstration.combinations", claim, "09", lambda: judge_combinations(found))


def judge_combinations(found: Sequence[Combination] | Skipped) -> Verdict:
    """PASSED when all did what was predicted. Pure."""
    if isinstance(found, Skipped):
        return Verdict.skipped(found.reason)
    wrong = [c for c in found if not c.as_predicted]
    observed = "; ".join(f"{c.check_script}/{c.weight} {c.observed}" for c in found)
    if wrong:
        first = wrong[0]
        hint = f"{first.check_script}/{first.weight} should have: {first.predicted}, {first.because}"
        return Verdict.failed(observed, hint)
    return Verdict.passed(observed)


def combination_of(script: str, weight: int, trial: Trial) -> Combination:
    """What a trial says about its combination. Pure."""
    outage = trial.outage
    back = outage is not None and outage.end_s is not None and outage.end_s <= trial.undone_s
    return Combination(
        check_script=script,
        weight=weight,
        predicted="stays" if trial.band.never else "moves",
        observed="moves" if back and outage and outage.entry_after in trial.holders else "stays",
        service_lost=f"{outage.duration_s:.1f} s" if back and outage and outage.duration_s else "until the undo",
        because=trial.band.because,
    )


def _try(site: OpenSite, script: str, weight: int) -> Combination:
    model = site_with(site.model, {"check_script": script, "weight": weight})
    there = configured(site, model, f"{script} script, weight {weight}")
    return combination_of(script, weight, run_trial(there, fault_named(FAULT), secrets.randbits(32)))
