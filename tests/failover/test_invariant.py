from __future__ import annotations

import pytest

from runbook_lib.failover.measuring.holders import Hold
from runbook_lib.failover.measuring.invariant import Allowed, Breach, gaps, overlaps, violations

MASTER, BACKUP = "node129", "node128"
ALLOWED = Allowed(fault_s=3.0, undone_s=8.0, high_s=3.855)


def test_a_gap_and_an_overlap_lie_between_the_holds() -> None:
    holds = [Hold(MASTER, 0.0, 3.0), Hold(BACKUP, 5.0, 7.02), Hold(MASTER, 7.0, None)]
    assert gaps(holds, 0.0, 9.0) == (Breach((), 3.0, 5.0, 0.0),)
    assert overlaps(holds, 9.0) == (Breach((BACKUP, MASTER), 7.0, 7.02, 0.0),)
    assert violations(overlaps(holds, 9.0), gaps(holds, 0.0, 9.0), ALLOWED) == ()


def test_nobody_ever_held_it() -> None:
    assert gaps([], 1.0, 9.0) == (Breach((), 1.0, 9.0, 0.0),)


@pytest.mark.parametrize(("overlap_s", "error_s", "wrong"), [(0.09, 0.0, 0), (0.11, 0.0, 1), (0.11, 0.01, 0)])
def test_two_holders_are_wrong_beyond_the_allowance_over_the_error_of_both_clocks(
    overlap_s: float, error_s: float, wrong: int
) -> None:
    holds = [Hold(MASTER, 0.0, 5.0 + overlap_s, error_s), Hold(BACKUP, 5.0, None, error_s)]
    assert len(violations(overlaps(holds, 9.0), (), ALLOWED)) == wrong


@pytest.mark.parametrize(
    ("start_s", "end_s", "wrong"),
    [(3.1, 6.9, 0), (3.0, 7.0, 1), (1.0, 1.5, 1), (8.5, 9.0, 1), (8.5, 8.55, 0)],
    ids=["in the band", "longer than the band", "before the fault", "after the undo", "within the allowance"],
)
def test_nobody_may_hold_it_only_while_the_fault_is_taken_over(start_s: float, end_s: float, wrong: int) -> None:
    assert len(violations((), [Breach((), start_s, end_s, 0.0)], ALLOWED)) == wrong


def test_where_the_vip_is_predicted_to_stay_somebody_always_holds_it() -> None:
    assert violations((), [Breach((), 4.0, 5.0, 0.0)], Allowed(3.0, 8.0, 0.0)) == (Breach((), 4.0, 5.0, 0.0),)


def test_a_node_that_was_not_watched_at_once_after_its_boot_proves_no_gap() -> None:
    (gap,) = gaps([Hold(BACKUP, 0.0, 8.5), Hold(MASTER, 9.0, None, found=True)], 0.0, 9.5)
    assert str(gap) == "nobody held the VIP for at most 500 ms"
    assert violations((), [gap], ALLOWED) == ()
