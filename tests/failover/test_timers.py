"""The oracle: the formulas of RFC 3768 6.1 and RFC 5798 6.1, and figures measured on two nodes with 2.1.5."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook_lib.failover.theory.timers import (
    false_takeovers_per_hour,
    heeds_down_timer_adverts,
    master_down_s,
    sent_advert_int_s,
    skew_s,
    takeover_chance,
)

VERSIONS = st.sampled_from([2, 3])
PRIORITIES = st.integers(1, 254)
INTERVALS = st.floats(0.01, 40.0)


@pytest.mark.parametrize(
    ("version", "priority", "advert_int", "skew"),
    [(2, 50, 1.0, 0.805), (2, 50, 3.0, 0.805), (2, 90, 1.0, 0.648), (3, 90, 0.1, 0.065), (3, 50, 2.0, 1.609)],
)
def test_skew_depends_on_the_interval_only_in_version_3(
    version: int, priority: int, advert_int: float, skew: float
) -> None:
    assert round(skew_s(version, priority, advert_int), 3) == skew


@settings(deadline=None)
@given(VERSIONS, PRIORITIES, INTERVALS)
def test_a_higher_priority_waits_less_and_never_a_whole_interval_more(version: int, priority: int, a: float) -> None:
    a = sent_advert_int_s(version, a)
    assert 0 < skew_s(version, priority + 1, a) < skew_s(version, priority, a) < a
    assert 3 * a < master_down_s(a, skew_s(version, priority, a)) < 4 * a


@pytest.mark.parametrize(
    ("version", "said", "sent"),
    [
        (2, 1.4, 1), (2, 1.5, 2), (2, 0.3, 1), (2, 255, 255),
        (3, 0.1, 0.1), (3, 0.123, 0.12), (3, 0.001, 0.01), (3, 60, 40.95),
    ],
)  # fmt: skip
def test_the_interval_as_it_is_sent(version: int, said: float, sent: float) -> None:
    assert sent_advert_int_s(version, said) == pytest.approx(sent)


@pytest.mark.parametrize(
    ("release", "heeds"), [("2.1.5", False), ("2.2.0", True), ("2.2.7", True), ("3.0.1", True), ("", True)]
)
def test_down_timer_adverts_came_with_2_2_0(release: str, heeds: bool) -> None:
    assert heeds_down_timer_adverts(release) is heeds


def test_losses_in_a_row() -> None:
    assert takeover_chance(0.3) == pytest.approx(0.027)
    assert false_takeovers_per_hour(0.0, 1.0) == 0
    assert false_takeovers_per_hour(1.0, 1.0) == 1200
    assert false_takeovers_per_hour(0.3, 1.0) == pytest.approx(69.9, abs=0.1)
    assert false_takeovers_per_hour(0.3, 0.1) == pytest.approx(699, abs=1)


@settings(deadline=None)
@given(st.floats(0.01, 0.99), INTERVALS, st.integers(1, 5))
def test_more_losses_or_fewer_spare_advertisements_mean_more_takeovers(loss: float, a: float, adverts: int) -> None:
    rate = false_takeovers_per_hour(loss, a, adverts)
    assert false_takeovers_per_hour(loss * 0.9, a, adverts) < rate
    assert false_takeovers_per_hour(loss, a, adverts + 1) < rate


def test_the_rate_is_what_dice_say() -> None:
    dice, lost, found, hours = random.Random(7), 0, 0, 200
    for _ in range(hours * 3600):
        lost = lost + 1 if dice.random() < 0.3 else 0
        if lost == 3:
            found, lost = found + 1, 0
    assert found / hours == pytest.approx(false_takeovers_per_hour(0.3, 1.0), rel=0.02)
