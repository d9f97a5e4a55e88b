"""What holds for every pair and every fault."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from runbook_lib.failover.theory.band import Band, Part
from runbook_lib.failover.theory.distribution import cdf
from runbook_lib.failover.theory.pair import Pair
from runbook_lib.failover.theory.predictions import THEORIES, exact_wait, predict_outage
from runbook_lib.site import parse_site

FAULTS = st.sampled_from(sorted(THEORIES))
FAREWELLS = [fault for fault, theory in THEORIES.items() if theory.ends_after == "goodbye"]
LOSSES = [fault for fault, theory in THEORIES.items() if theory.ends_after == "last advertisement"]
SETTINGS = settings(max_examples=60, deadline=None)


def moment_s(pair: Pair, fault: str, **heard_s: float) -> float | None:
    exact = exact_wait(pair, fault)
    return None if exact is None else exact.moment_s(**heard_s)


@st.composite
def sites(draw: st.DrawFn) -> dict[str, Any]:
    version = draw(st.sampled_from([2, 3]))
    backup = draw(st.integers(1, 253))
    master = draw(st.integers(backup + 1, 254))
    hundredths = draw(st.integers(1, 4095))
    return {
        "nodes": {
            "master": {"name": "node129", "address": "192.168.42.129", "priority": master},
            "backup": {"name": "node128", "address": "192.168.42.128", "priority": backup},
        },
        "vrrp": {
            "version": version,
            "advert_int": hundredths / 100 if version == 3 else float(1 + hundredths % 10),
            "preempt": draw(st.booleans()),
        },
        "check_script": draw(st.sampled_from(["chapter", "fixed"])),
        "weight": draw(st.sampled_from([0, -20, -250, 30, 250])),
        "check": {"interval": draw(st.integers(1, 9)), "fall": draw(st.integers(1, 4))},
    }


def pair_of(values: dict[str, Any], holder: str = "node129") -> Pair:
    return Pair.of(parse_site(values), holder)


@SETTINGS
@given(sites(), FAULTS, st.sampled_from(["node129", "node128"]))
def test_a_band_is_the_sum_of_its_parts_and_no_outage_is_negative(
    values: dict[str, Any], fault: str, holder: str
) -> None:
    band = predict_outage(pair_of(values, holder), fault)
    assert -1e-9 <= band.low_s <= band.high_s
    assert band.parts
    assert band.because
    if band.bounded:
        assert math.isclose(band.low_s, sum(part.low_s for part in band.parts), abs_tol=1e-9)
        assert math.isclose(band.high_s, sum(part.high_s for part in band.parts), abs_tol=1e-9)


@SETTINGS
@given(sites(), st.sampled_from(LOSSES), st.floats(0, 1, exclude_max=True))
def test_the_exact_moment_of_a_loss_lies_in_its_band(values: dict[str, Any], fault: str, phase: float) -> None:
    pair = pair_of(values)
    last_s = 100.0
    fault_s = last_s + phase * pair.advert_s
    recovery_s = moment_s(pair, fault, last_advert_s=last_s)
    assert recovery_s is not None
    assert predict_outage(pair, fault).holds(recovery_s - fault_s, 1e-6)


@SETTINGS
@given(sites(), st.sampled_from(FAREWELLS))
def test_the_exact_moment_of_a_farewell_lies_in_its_band(values: dict[str, Any], fault: str) -> None:
    pair = pair_of(values)
    recovery_s = moment_s(pair, fault, goodbye_s=100.0)
    assert recovery_s is not None
    assert predict_outage(pair, fault).holds(recovery_s - 100.0, 1e-6)


@SETTINGS
@given(sites(), FAULTS)
def test_a_shorter_interval_never_makes_an_outage_longer(values: dict[str, Any], fault: str) -> None:
    slow = {**values, "vrrp": {**values["vrrp"], "version": 3, "advert_int": 4.0}}
    fast = {**values, "vrrp": {**values["vrrp"], "version": 3, "advert_int": 0.5}}
    a, b = predict_outage(pair_of(slow), fault), predict_outage(pair_of(fast), fault)
    assert b.low_s <= a.low_s + 1e-9
    assert b.high_s <= a.high_s + 1e-9


@SETTINGS
@given(sites(), st.sampled_from([*LOSSES, *FAREWELLS]))
def test_a_higher_standby_takes_over_sooner(values: dict[str, Any], fault: str) -> None:
    low, high = (
        {**values, "weight": 0, "nodes": {**values["nodes"], "backup": {**values["nodes"]["backup"], "priority": p}}}
        for p in (1, max(1, values["nodes"]["master"]["priority"] - 1))
    )
    assert predict_outage(pair_of(high), fault).high_s <= predict_outage(pair_of(low), fault).high_s


@SETTINGS
@given(sites(), FAULTS)
def test_a_distribution_rises_from_0_to_1_over_its_band(values: dict[str, Any], fault: str) -> None:
    pair = pair_of(values)
    band = predict_outage(pair, fault)
    points = cdf(band)
    if not band.bounded or any(part.alternative for part in band.parts):
        assert points == ()
        return
    assert (points[0][1], points[-1][1]) == (0.0, 1.0)
    assert math.isclose(points[0][0], band.low_s, abs_tol=1e-9)
    assert math.isclose(points[-1][0], band.high_s, abs_tol=1e-9)
    assert all(a <= b and p <= q for (a, p), (b, q) in pairwise(points))


def test_one_uniform_part_rises_in_a_line_and_two_equal_ones_as_a_sum_of_dice() -> None:
    one = Band.of([Part("a", 1.0, 3.0, ""), Part("b", 0.5, 0.5, "")], "")
    assert all(math.isclose(chance, (x - 1.5) / 2, abs_tol=1e-9) for x, chance in cdf(one))
    two = dict(cdf(Band.of([Part("a", 0.0, 1.0, ""), Part("b", 0.0, 1.0, "")], "")))
    assert math.isclose(two[0.5], 0.125, abs_tol=1e-9)
    assert math.isclose(two[1.0], 0.5, abs_tol=1e-9)


def test_a_certain_outage_is_a_step() -> None:
    assert cdf(Band.of([Part("skew", 0.805, 0.805, "")], "")) == ((0.805, 0.0), (0.805, 1.0))
