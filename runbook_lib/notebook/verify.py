"""Verify: a check becomes a verdict, one line in the notebook, one event in the journal."""

from __future__ import annotations

import time

from runbook_lib.checks.verdict import Check, Status, Verdict
from runbook_lib.errors import ArtifactError, CheckFailedError, HostError, LabError
from runbook_lib.hosts import OpenSite
from runbook_lib.journal import CheckJudged, Journal
from runbook_lib.notebook import kernel
from runbook_lib.outward import outward

LOOK_EVERY_S = 0.3
MARKS = {
    Status.PASSED: "✔",
    Status.WARNED: "!",
    Status.FAILED: "✘",
    Status.SKIPPED: "–",
    Status.UNKNOWN: "?",
}


def verify(check: Check, within_s: float = 0.0) -> None:
    """Print the verdict of `check`, waiting up to `within_s` seconds for a good one.

    Raises CheckFailedError when it is FAILED or UNKNOWN at the end, so that plain papermill stops too.
    """
    verdict = judge(kernel.current_site(), check, within_s)
    print(outward(render_verdict(check, verdict)))
    _raise_unless_good(check, verdict)


def require(site: OpenSite, check: Check, within_s: float = 0.0) -> None:
    """Go on only when `check` holds, at once or within `within_s`, and say nothing then. Raises CheckFailedError."""
    _raise_unless_good(check, judge(site, check, within_s))


def _raise_unless_good(check: Check, verdict: Verdict) -> None:
    if not verdict.status.is_good:
        raise CheckFailedError(f"{check.id} is {verdict.status}: {verdict.observed.rstrip('.')}.", verdict.hint)


def judge(site: OpenSite, check: Check, within_s: float = 0.0) -> Verdict:
    """The verdict of `check` after up to `within_s` seconds, journalled."""
    begun = time.monotonic()
    verdict = observe(check)
    while not verdict.status.is_good and time.monotonic() - begun < within_s:
        time.sleep(LOOK_EVERY_S)
        verdict = observe(check)
    _record(site.journal, check, verdict, time.monotonic() - begun)
    return verdict


def observe(check: Check) -> Verdict:
    """One look. What can't be asked or read makes it UNKNOWN, which is not FAILED."""
    try:
        return check.observe()
    except (HostError, LabError, ArtifactError) as error:
        return Verdict.unknown(error.what, error.todo)


def _record(journal: Journal, check: Check, verdict: Verdict, waited_s: float) -> None:
    status, observed, hint = str(verdict.status), verdict.observed, verdict.hint
    journal.write(CheckJudged(check.id, check.claim, status, observed, hint, round(waited_s, 1)))


def render_verdict(check: Check, verdict: Verdict) -> str:
    """The verdict: what is claimed, what was observed, and the hint when there is one, a line each. Pure."""
    lines = [f"{MARKS[verdict.status]} {verdict.status}  {check.id}: {check.claim}", f"  {verdict.observed}"]
    return "\n".join([*lines, *([f"  → {verdict.hint}"] if verdict.hint else [])])
