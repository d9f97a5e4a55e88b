"""A demonstration: the chapter's check script or ours, its weight or none, and an OpenResty that can't start again."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from runbook_lib.chapter.check_script import install_check_script
from runbook_lib.chapter.config import write_configuration
from runbook_lib.chapter.daemon import start_keepalived
from runbook_lib.chapter.service import FOLDER, UNIT
from runbook_lib.checks.verdict import Check, Verdict
from runbook_lib.failover import node_record
from runbook_lib.failover.catalogue import fault_named
from runbook_lib.failover.faults import not_agreed
from runbook_lib.failover.trial import nobody_measures, run_trial
from runbook_lib.failover.trial_record import Skipped, Trial
from runbook_lib.failover.waiting import wait_for_nodes
from runbook_lib.hosts import OpenSite
from runbook_lib.journal import FaultRecorded, FaultUndone, Journal, Noted
from runbook_lib.site import CHAPTER_WEIGHT, FIXED_WEIGHT

NAME = "combinations"
FAULT = "openresty-cannot-start"
PAIRS = tuple((script, weight) for script in ("chapter", "fixed") for weight in (CHAPTER_WEIGHT, FIXED_WEIGHT))
EXPIRES_S = 600.0
"""The four take about a minute."""
SAVED = "/var/lib/runbook/saved"


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


def four_combinations(site: OpenSite) -> tuple[Combination, ...] | Skipped:
    """Try all four on the site, one after the other, and put back the script and the configuration that were found.

    Raises HostError when the site isn't in steady state before, between or after.
    """
    if skipped := not_agreed(site, "demonstrations") or nobody_measures(site):
        return skipped
    with _as_found(site):
        return tuple(_try(site, script, weight) for script, weight in PAIRS)


def combinations_as_predicted(found: Sequence[Combination] | Skipped) -> Check:
    """Check `failover.combinations`: each of the four moved the VIP, or left it, as the configuration predicts."""
    claim = "With weight -20 the VIP stays where OpenResty is dead, with weight 0 it moves, whichever the script."
    return Check("failover.combinations", claim, "09", lambda: judge_combinations(found))


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
    site.journal.write(Noted(f"demonstration: {script} script, weight {weight}"))
    there = replace(site, model=site.model.model_copy(update={"check_script": script, "weight": weight}))
    # A demonstration is no change: what its operations do is in the journal as commands only.
    quiet = replace(there, journal=Journal(None))
    for operation in (install_check_script, write_configuration, start_keepalived):
        operation(quiet)
    return combination_of(script, weight, run_trial(there, fault_named(FAULT), secrets.randbits(32)))


@contextmanager
def _as_found(site: OpenSite) -> Iterator[None]:
    """Save keepalived's folder on both nodes, and put it back on every exit; the nodes do it themselves at the end."""
    saved_id = f"{NAME}-{secrets.token_hex(4)}"
    undo = render_restore(saved_id)
    for host in site.nodes:
        site.journal.write(FaultRecorded(saved_id, NAME, host.name, undo, EXPIRES_S))
        host.run("mkdir -p %s && cp -a %s %s", SAVED, FOLDER, f"{SAVED}/{saved_id}").check()
        node_record.record_undo(host, saved_id, undo, EXPIRES_S)
    try:
        yield
    finally:
        for host in site.nodes:
            node_record.run_undo(host, saved_id)
            site.journal.write(FaultUndone(saved_id, confirmed=saved_id not in node_record.recorded_faults(host)))
        wait_for_nodes(site)


def render_restore(saved_id: str) -> str:
    """Shell that puts back each file as it was, takes away those that are new, and has keepalived read them. Pure."""
    return f"""\
saved={SAVED}/{saved_id}
for f in "$saved"/*; do
    [ -f "$f" ] || continue
    cp -a "$f" {FOLDER}/.restored && mv -f {FOLDER}/.restored "{FOLDER}/${{f##*/}}"
done
for f in {FOLDER}/*; do [ -e "$saved/${{f##*/}}" ] || rm -f "$f"; done
systemctl reload-or-restart {UNIT}
rm -rf "$saved" """.rstrip()
