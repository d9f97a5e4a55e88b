"""Tables for the reader: what each fault should cost on this site, and what happened when in a trial. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from runbook_lib.checks.verdict import Skipped
from runbook_lib.failover.faults.catalogue import FAULTS, fault_named
from runbook_lib.failover.theory.pair import Pair
from runbook_lib.failover.theory.predictions import predict_outage
from runbook_lib.failover.trials.application import Followed
from runbook_lib.failover.trials.trial_record import Trial
from runbook_lib.site import Site


@dataclass(frozen=True)
class Prediction:
    """A row: a fault, the outage that the configuration predicts, and the sum behind it."""

    fault: str
    what_happens: str
    predicted_outage: str
    because: str


@dataclass(frozen=True)
class CatalogueRow:
    """A row of the catalogue: a fault, what the configuration predicts, and what it leaves out of the real world."""

    fault: str
    what_happens: str
    predicted_outage: str
    not_simulated: str


@dataclass(frozen=True)
class Moment:
    """A row: something happened, so many seconds after the fault."""

    seconds: str
    what: str


def predictions(site: Site, chosen: str) -> tuple[Prediction, ...]:
    """Every fault of the catalogue, the chosen one marked. Raises ParameterError when that is none."""
    marked, pair = fault_named(chosen), Pair.of(site)
    rows = []
    for fault in FAULTS.values():
        band = predict_outage(pair, fault.name)
        name = f"{fault.name} ← this run" if fault is marked else fault.name
        rows.append(Prediction(name, fault.what, str(band), band.because))
    return tuple(rows)


def every_fault(site: Site) -> tuple[CatalogueRow, ...]:
    """The catalogue, with each fault's predicted outage on this site."""
    pair = Pair.of(site)
    return tuple(
        CatalogueRow(f.name, f.what, str(predict_outage(pair, f.name)), f.not_simulated) for f in FAULTS.values()
    )


def seen_by_application(trial: Trial | Skipped) -> Followed | Skipped | str:
    """What the application saw of a new value while the MASTER was lost; a sentence where it was not asked."""
    if isinstance(trial, Skipped):
        return trial
    return trial.followed or "The application was not asked."


def moments(trial: Trial | Skipped) -> tuple[Moment, ...] | Skipped:
    """The trial in order; each time is that of a request's send, but for the fault's own."""
    if isinstance(trial, Skipped):
        return trial
    rows = [(trial.fault_s, trial.what)]
    if outage := trial.outage:
        rows.append((outage.start_s, "the first request is lost"))
        if outage.end_s is not None:
            rows.append((outage.end_s, f"{outage.entry_after} answers: {outage}"))
    rows.append((trial.undone_s, "the undo begins"))
    rows += [(hold.start_s, f"{hold.node} takes the VIP back") for hold in trial.handed_back]
    rows += [(o.start_s, f"on the way back, lost: {o}; then {o.entry_after} answers") for o in trial.way_back]
    rows.append((trial.steady_s, "steady state again"))
    return tuple(Moment(f"{at - trial.fault_s:+.3f}", what) for at, what in sorted(rows))
