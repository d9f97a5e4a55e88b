"""One holder of the VIP, always? What the invariant saw in the trials of every fault. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from runbook_lib.checks.verdict import Check, Skipped, Verdict
from runbook_lib.failover.measuring.invariant import Breach
from runbook_lib.failover.measuring.samples import Outage
from runbook_lib.failover.theory.predictions import BY_CHANCE, THEORIES
from runbook_lib.failover.trials.comparison import Comparison
from runbook_lib.failover.trials.series import Series
from runbook_lib.failover.trials.trial_record import Trial


@dataclass(frozen=True)
class Holders:
    """A row: how many held the VIP at once in the trials of one fault, and what HTTP saw of it."""

    fault: str
    predicted: str
    both_held_it: str
    """The longest stretch of all trials; a correct hand-over takes some ms."""
    nobody_held_it: str
    answered_for_it: int
    """So many machines, by their MAC addresses, told askers that the VIP is theirs while the fault was on; the most."""
    http_outage: str
    on_the_way_back: str
    """After both hear each other again: whoever knows the VIP by the MAC address of the one that gave it up waits."""


def breaches(found: Comparison | Skipped) -> tuple[Holders, ...] | Skipped:
    """A row for each fault."""
    return found if isinstance(found, Skipped) else tuple(map(_row, found.series))


def _row(series: Series) -> Holders:
    fault, trials = series.name, series.trials
    return Holders(
        fault,
        THEORIES[fault].holders,
        _longest(breach for trial in trials for breach in trial.timeline.overlaps),
        _longest(breach for trial in trials for breach in trial.timeline.gaps),
        max(len(_answered(trial)) for trial in trials),
        _lost(trial.outage for trial in trials),
        _lost(outage for trial in trials for outage in trial.way_back),
    )


def _answered(trial: Trial) -> set[str]:
    return {claim.mac for claim in trial.timeline.claims if trial.raw.window.holds(claim.at_s)}


def _lost(outages: Iterable[Outage | None]) -> str:
    longest_s = max((o.duration_s for o in outages if o and o.duration_s is not None), default=0.0)
    return f"{longest_s:.3f} s" if longest_s else "none"


def _longest(found: Iterable[Breach]) -> str:
    longest_s = max((breach.duration_s for breach in found), default=0.0)
    return f"{longest_s * 1e3:.0f} ms" if longest_s else ""


def holders_as_predicted(found: Comparison | Skipped) -> Check:
    """Check `failover.holders-as-predicted`: two held the VIP where that is predicted, and not where one is."""
    two, chance = (", ".join(f for f, theory in THEORIES.items() if theory.holders == of) for of in ("two", BY_CHANCE))
    claim = (
        f"Two held the VIP for longer than a hand-over with {two}, and with nothing else, "
        f"but for {chance}, where chance decides."
    )
    return Check("failover.holders-as-predicted", claim, "10", lambda: judge_holders(found))


def judge_holders(found: Comparison | Skipped) -> Verdict:
    """FAILED for a fault without its second holder, and for a violation that nobody predicted. Pure.

    SKIPPED where no trial is judged: each was disturbed, or left to chance.
    """
    if isinstance(found, Skipped):
        return Verdict.skipped(found.reason)
    trials = [trial for series in found.series for trial in series.trials]
    two, one = _of(trials, "two"), _of(trials, "one")
    missed = [trial.name for trial in two if not _two_held(trial)]
    others = [f"{trial.name}: {breach}" for trial in one for breach in trial.timeline.violations]
    if missed:
        return Verdict.failed(f"one holder only in {', '.join(missed)}", "Did the fault take effect? See its journal.")
    if others:
        return Verdict.failed(
            "; ".join(others[:3]), "Read data/NAME-NODE.addresses.txt beside the capture of that trial."
        )
    if not (two or one):
        return found.nothing_judged(_not_judged(trials))
    seen = f"two holders in {len(two)} of {len(two) + len(one)} trials, as predicted, and in no other"
    return Verdict.passed(found.told((seen, *_not_judged(trials))))


def _of(trials: Iterable[Trial], holders: str) -> list[Trial]:
    """The trials of the faults of which so many holders are predicted: undisturbed, and both nodes watched."""
    judged = (trial for trial in trials if not trial.disturbed and _watched(trial))
    return [trial for trial in judged if THEORIES[trial.fault].holders == holders]


def _watched(trial: Trial) -> bool:
    return all(unknown.lane not in trial.nodes for unknown in trial.timeline.unknown)


def _two_held(trial: Trial) -> bool:
    return any(breach.nodes for breach in trial.timeline.violations)


def _not_judged(trials: Sequence[Trial]) -> Iterator[str]:
    """The others, counted."""
    if chance := _of(trials, BY_CHANCE):
        names = ", ".join(dict.fromkeys(trial.fault for trial in chance))
        yield f"with {names}, where chance decides, two holders in {sum(map(_two_held, chance))} of {len(chance)}"
    if stalled := sum(trial.disturbed for trial in trials):
        yield f"{stalled} disturbed"
    if unseen := sum(not (trial.disturbed or _watched(trial)) for trial in trials):
        yield f"{unseen} in which a node was not watched"
