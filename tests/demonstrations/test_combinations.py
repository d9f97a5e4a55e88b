from __future__ import annotations

import math

from trials import trial

from runbook_lib.checks.verdict import Skipped, Status
from runbook_lib.demonstrations.combinations import PAIRS, Combination, combination_of, judge_combinations
from runbook_lib.failover.theory.band import Band

NEVER = Band(math.inf, math.inf, "weight -20: 80 is not below the 50 of node128")


def test_the_four_combinations() -> None:
    assert PAIRS == (("chapter", -20), ("chapter", 0), ("fixed", -20), ("fixed", 0))


def test_a_vip_that_moved() -> None:
    found = combination_of("fixed", 0, trial(2.9, band=Band(2.8, 4.9, "weight 0")))
    assert found == Combination("fixed", 0, "moves", "moves", "2.9 s", "weight 0")
    assert found.as_predicted


def test_a_vip_that_stayed_until_the_undo() -> None:
    found = combination_of("chapter", -20, trial(3.5, band=NEVER))
    assert (found.predicted, found.observed, found.service_lost) == ("stays", "stays", "until the undo")


def test_the_first_that_did_otherwise_is_named() -> None:
    good = Combination("fixed", 0, "moves", "moves", "2.9 s", "weight 0")
    bad = Combination("fixed", -20, "stays", "moves", "2.9 s", "80 is not below 50")
    assert judge_combinations((good,)).status is Status.PASSED
    verdict = judge_combinations((good, bad))
    assert verdict.status is Status.FAILED
    assert verdict.observed == "fixed/0 moves; fixed/-20 moves"
    assert verdict.hint == "fixed/-20 should have: stays, 80 is not below 50"


def test_without_permission_it_is_skipped_with_the_reason() -> None:
    verdict = judge_combinations(Skipped("not allowed"))
    assert (verdict.status, verdict.observed) == (Status.SKIPPED, "not allowed")
