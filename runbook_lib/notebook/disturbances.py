"""What a notebook would disturb for a moment and bring back: no changes, but a plan has to say them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from runbook_lib.checks.verdict import Skipped
from runbook_lib.demonstrations import clear_text, combinations, control_group, direct_rule, process_count, stale_arp
from runbook_lib.failover.faults.catalogue import FAULTS, fault_named
from runbook_lib.failover.faults.inject import not_undoable
from runbook_lib.failover.theory.pair import Pair
from runbook_lib.failover.theory.predictions import predict_outage
from runbook_lib.failover.trials.trial import nobody_measures
from runbook_lib.failover.trials.tuning import VARIANTS, fault_missing
from runbook_lib.notebook.notebook_file import Notebook
from runbook_lib.site import Site

DISTURBS = "disturbs:"
"""Begins a line that says what is disturbed, not why nothing is."""


def disturbances(site: Site, notebook: Notebook, given: Mapping[str, object]) -> tuple[str, ...]:
    """A line for each disturbance; where the notebook is there to disturb and may not, one that says why.

    `given` are its parameters that are not left at their defaults. Raises ParameterError for an unknown fault.
    """
    own = {parameter.name: parameter.default for parameter in notebook.parameters} | dict(given)
    purpose = _purpose(site, notebook.number, own)
    told = [purpose] if isinstance(purpose, str) else []
    told += _demonstrated(site, notebook.number)
    if isinstance(purpose, Skipped) and not told:
        return (f"disturbs nothing: {purpose.reason}",)
    return tuple(f"{DISTURBS} {what}" for what in told)


def _purpose(site: Site, number: str, own: Mapping[str, object]) -> str | Skipped | None:
    """What a notebook is there to disturb, or why it will not; None: it is there for something else."""
    refused = None if site.allows("demonstrations" if number == "11" else "faults") else _allows_only(site)
    match number:
        case "07":
            return refused or "step 12 restarts keepalived on the BACKUP, once; the VIP stays"
        case "08":
            return refused or "OpenResty is stopped on the MASTER, once, and comes back by itself; the VIP stays"
        case "09":
            return refused or _one_fault(site, str(own["fault"]))
        case "10":
            return refused or _catalogue(site, cast(Sequence[str], own["faults"]), own["trials"])
        case "11":
            return refused or _configurations(site, own["trials"])
    return None


def _allows_only(site: Site) -> Skipped:
    return Skipped(f"the site allows {site.effective_disruption}")


def _one_fault(site: Site, name: str) -> str | Skipped:
    fault = fault_named(name)
    band = predict_outage(Pair.of(site), fault.name)
    told = f"{fault.name} hits whoever holds the VIP, predicted outage {band}, and is undone"
    return not_undoable(site, fault) or nobody_measures(site) or told


def _catalogue(site: Site, names: Sequence[str], trials: object) -> str | Skipped:
    lacking = [not_undoable(site, fault_named(name)) for name in names or FAULTS]
    told = f"{lacking.count(None)} of the {len(FAULTS)} faults: each hits the site {trials} times, and is undone"
    return nobody_measures(site) or (None if None in lacking else lacking[0]) or told


def _configurations(site: Site, trials: object) -> str | Skipped:
    each = f"each is hit {trials} times; what was found is put back"
    told = f"{len(VARIANTS)} configurations are written and loaded on both nodes, {each}"
    return nobody_measures(site) or fault_missing(site) or told


def _demonstrated(site: Site, number: str) -> Iterator[str]:
    """What those demonstrations disturb that can be shown here. The others change nothing that runs."""
    heard = site.observer == "ssh"
    every = (
        ("04", True, direct_rule.DISTURBS),
        ("06", True, process_count.DISTURBS),
        ("07", control_group.starts_nothing(site) is None, control_group.DISTURBS),
        ("08", heard, clear_text.DISTURBS),
        ("09", nobody_measures(site) is None, combinations.DISTURBS),
        ("09", heard and site.vrrp.preempt, stale_arp.DISTURBS),
    )
    if site.allows("demonstrations"):
        yield from (what for of, shown, what in every if of == number and shown)
