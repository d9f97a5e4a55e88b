"""Where the site stands: which notebook's checks hold now, and what comes next."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby

from runbook_lib import checks, failover
from runbook_lib.checks.verdict import Check, Verdict
from runbook_lib.hosts import OpenSite
from runbook_lib.notebook.verify import observe

AT_ONCE = 8
"""Checks side by side: most of their time is waiting. sshd's MaxSessions is 10."""


@dataclass(frozen=True)
class Standing:
    """What holds of one notebook."""

    notebook: str
    checks_that_hold: str
    """`2 of 5`."""
    first_that_does_not: str
    """Its id and what was observed; empty: all hold."""


def every_check(site: OpenSite) -> tuple[Check, ...]:
    """Every check that can be made of a site at any time, in the chapter's order. Read-only."""
    return (*checks.every(site), failover.none_left(site), failover.steady_state(site))


def observe_all(every: Sequence[Check]) -> list[Verdict]:
    """One look at each check, some at a time; verdicts in the checks' order."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(observe, every))


def standing(site: OpenSite) -> tuple[Standing, ...]:
    """A row for each notebook that has checks; read-only."""
    every = every_check(site)
    judged = sorted(zip(every, observe_all(every), strict=True), key=lambda pair: pair[0].notebook)
    return tuple(_row(number, list(pairs)) for number, pairs in groupby(judged, lambda pair: pair[0].notebook))


def _row(number: str, judged: Sequence[tuple[Check, Verdict]]) -> Standing:
    wrong = [(check, verdict) for check, verdict in judged if not verdict.status.is_good]
    first = f"{wrong[0][0].id}: {wrong[0][1].observed}" if wrong else ""
    return Standing(number, f"{len(judged) - len(wrong)} of {len(judged)}", first)
