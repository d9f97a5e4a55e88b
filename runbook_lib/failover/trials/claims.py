"""The checks of a trial: the outage lies in its predicted band, and the site is what it was before."""

from __future__ import annotations

from runbook_lib.checks.verdict import Check, Skipped, Status, Verdict
from runbook_lib.failover.faults.recovery import left_on, left_on_nodes
from runbook_lib.failover.measuring.samples import Outage
from runbook_lib.failover.theory.band import Band
from runbook_lib.failover.theory.predictions import TOLERANCE_S
from runbook_lib.failover.trials import steady
from runbook_lib.failover.trials.trial_record import Trial
from runbook_lib.hosts import OpenSite

NOTEBOOK = "09"


def outage_in_band(trial: Trial | Skipped) -> Check:
    """Check `failover.outage-in-band`: what was measured is what the configuration predicts, ± 50 ms."""
    what = "lies in its predicted band" if isinstance(trial, Skipped) else f"of {trial.fault} is {trial.band}"
    claim = f"The outage {what}, ± {TOLERANCE_S * 1e3:.0f} ms."
    return Check("failover.outage-in-band", claim, NOTEBOOK, lambda: judge_outage(trial))


def judge_outage(trial: Trial | Skipped) -> Verdict:
    """The verdict on a trial's outage. Pure. A disturbed trial is kept and not judged: SKIPPED, with its figures."""
    if isinstance(trial, Skipped):
        return Verdict.skipped(trial.reason)
    if trial.disturbed:
        return Verdict.skipped(f"not judged: {trial}")
    if trial.band.says_nothing:
        return Verdict.skipped(f"not judged, as only a rate is predicted: {trial}")
    wrong = _wrong(trial)
    return Verdict.failed(str(trial), wrong) if wrong else Verdict.passed(str(trial))


def as_predicted(trial: Trial) -> bool:
    """Whether the outage is the predicted one; of a disturbed trial nobody can say. Pure."""
    return judge_outage(trial).status is Status.PASSED


def _wrong(trial: Trial) -> str:
    """The hint where the outage is not the predicted one; empty: it is."""
    outage, band = trial.outage, trial.band
    if outage is None:
        return "the fault took no effect, or the service doesn't come from the MASTER" if band.low_s > 0 else ""
    if band.never:
        stayed = outage.end_s is None or outage.end_s > trial.undone_s
        return "" if stayed else f"it recovered before the undo, although {band.because}"
    return _moved_wrong(outage, band)


def _moved_wrong(outage: Outage, band: Band) -> str:
    """The hint where the service should have come back in its band; empty: it did."""
    if outage.duration_s is None:
        return "nobody took over: is the BACKUP well, and does VRRP reach it (notebook 04)?"
    if band.holds(outage.duration_s, TOLERANCE_S):
        return ""
    if outage.duration_s < band.low_s:
        return "does the daemon run what its file says (05)?"
    return "who held the VIP meanwhile? journalctl -u keepalived on both"


def restored(site: OpenSite, trial: Trial | Skipped) -> Check:
    """Check `failover.restored`: after the undo the site is in steady state, and nothing of a fault is on a node."""

    def observe() -> Verdict:
        if isinstance(trial, Skipped):
            return Verdict.skipped(trial.reason)
        if (left := judge_left(left_on_nodes(site))).status is not Status.PASSED:
            return left
        seen = steady.steady_state(site).observe()
        if seen.status is not Status.PASSED:
            return seen
        return Verdict.passed(f"{seen.observed}; {trial.steady_s - trial.undone_s:.1f} s after the undo began")

    claim = "After the undo the site is in steady state, and no fault is on."
    return Check("failover.restored", claim, NOTEBOOK, observe)


def application_follows(trial: Trial | Skipped) -> Check:
    """Check `failover.application-follows`: a new value reached the application while the MASTER was lost."""
    claim = "A value that was published while the MASTER was lost reached the application through the VIP."
    return Check("failover.application-follows", claim, NOTEBOOK, lambda: judge_application(trial))


def judge_application(trial: Trial | Skipped) -> Verdict:
    """FAILED when one that was waited for did not see it in time; SKIPPED where nobody was asked. Pure."""
    if isinstance(trial, Skipped):
        return Verdict.skipped(trial.reason)
    if trial.followed is None:
        return Verdict.skipped("asked only while the MASTER's machine is lost, and where the application runs (08)")
    if not trial.followed.in_time:
        return Verdict.failed(str(trial.followed), "journalctl -u nacos-consumer-sample -n 50 on the client")
    return Verdict.passed(str(trial.followed))


def none_left(site: OpenSite) -> Check:
    """Check `failover.none-left`: no fault is on, by the nodes' records, by its effect, by power and cable (lab)."""
    return Check("failover.none-left", "No fault waits for its undo.", "00", lambda: judge_left(left_on(site)))


def judge_left(left: tuple[str, ...]) -> Verdict:
    """FAILED with what is on still. Pure."""
    if left:
        return Verdict.failed(f"not undone: {', '.join(left)}", "runbook fault recover -f FILE, or a run, undoes it.")
    return Verdict.passed("none")
