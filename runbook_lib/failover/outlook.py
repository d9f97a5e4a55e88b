"""Tables for the reader: what each fault should cost on this site, and what happened when in a trial. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from runbook_lib.failover.application import Followed
from runbook_lib.failover.catalogue import DEFAULT_FAULT, FAULTS, fault_named
from runbook_lib.failover.theory import Pair, predict_outage
from runbook_lib.failover.trial_record import Skipped, Trial
from runbook_lib.site import Site


@dataclass(frozen=True)
class Prediction:
    """A row: a fault, the outage that the configuration predicts, and the sum behind it."""

    fault: str
    what_happens: str
    predicted_outage: str
    because: str


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
    rows += [(o.start_s, f"on the way back, lost: {o}; then {o.entry_after} answers") for o in trial.way_back]
    rows.append((trial.steady_s, "steady state again"))
    return tuple(Moment(f"{at - trial.fault_s:+.3f}", what) for at, what in sorted(rows))


def disturbances(site: Site, notebook: str, parameters: Mapping[str, object]) -> tuple[str, ...]:
    """What a notebook would disturb for a moment and bring back, or why not: no changes, but a plan has to say them."""
    lines = [disruption for number, disruption in _disturbances(site, parameters) if number == notebook]
    if not lines or site.allows("faults"):
        return tuple(f"disturbs: {line}" for line in lines)
    return (f"disturbs nothing: the site allows {site.effective_disruption}",)


def _disturbances(site: Site, parameters: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    fault = fault_named(str(parameters.get("fault", DEFAULT_FAULT)))
    yield "07", "keepalived is restarted on the BACKUP; the VIP stays"
    yield "08", "OpenResty is stopped on the MASTER, once, and comes back by itself; the VIP stays"
    band = predict_outage(Pair.of(site), fault.name)
    yield "09", f"{fault.name} hits whoever holds the VIP, predicted outage {band}, and is undone"
    if site.allows("demonstrations"):
        yield "09", "openresty-cannot-start, four times, with each check script and weight; what was found is put back"
