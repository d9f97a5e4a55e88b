from __future__ import annotations

import pytest

from runbook_lib.checks.verdict import Status
from runbook_lib.evidence import Outcome, worst

GRAVEST_LAST = ["SKIPPED", "PASSED", "WARNED", "UNKNOWN", "FAILED", "ERROR", "INTERRUPTED"]


@pytest.mark.parametrize(
    ("outcome", "exit_status", "goes_on"),
    [
        ("SKIPPED", 0, True),
        ("PASSED", 0, True),
        ("WARNED", 3, True),
        ("FAILED", 1, False),
        ("UNKNOWN", 1, False),
        ("ERROR", 2, False),
        ("INTERRUPTED", 130, False),
    ],
)
def test_exit_status_and_whether_the_next_notebook_may_run(outcome: str, exit_status: int, goes_on: bool) -> None:
    assert (Outcome(outcome).exit_status, Outcome(outcome).goes_on) == (exit_status, goes_on)


@pytest.mark.parametrize("first", GRAVEST_LAST)
@pytest.mark.parametrize("second", GRAVEST_LAST)
def test_the_graver_of_two_counts(first: str, second: str) -> None:
    assert worst([Outcome(first), Outcome(second)]) == max(first, second, key=GRAVEST_LAST.index)


def test_nothing_judged_is_passed() -> None:
    assert worst([]) is Outcome.PASSED


def test_every_verdict_of_a_check_is_an_outcome() -> None:
    assert {str(status) for status in Status} <= set(Outcome)
