"""The oracle is FACTS 1: figures measured on two booted nodes, and the RFCs' formulas."""

from __future__ import annotations

from typing import Any

import pytest

from runbook_lib.errors import ParameterError
from runbook_lib.failover.catalogue import FAULTS
from runbook_lib.failover.theory import PREDICTIONS, Band, Pair, predict_outage, skew_s
from runbook_lib.site import parse_site


def site(holder: str = "node129", **values: Any) -> Pair:
    return Pair.of(parse_site(values), holder)


def ends(band: Band) -> tuple[float, float]:
    return (round(band.low_s, 3), round(band.high_s, 3))


@pytest.mark.parametrize(
    ("version", "priority", "advert_int", "skew"),
    [(2, 50, 1.0, 0.805), (2, 50, 3.0, 0.805), (2, 90, 1.0, 0.648), (3, 90, 0.1, 0.065), (3, 50, 2.0, 1.609)],
)
def test_skew_depends_on_the_interval_only_in_version_3(
    version: int, priority: int, advert_int: float, skew: float
) -> None:
    assert round(skew_s(version, priority, advert_int), 3) == skew


@pytest.mark.parametrize("fault", ["stop-keepalived", "shutdown-master"])
def test_a_clean_stop_takes_skew(fault: str) -> None:
    band = predict_outage(site(), fault)
    assert ends(band) == (0.805, 0.805)
    assert str(band) == "0.805 s"
    assert band.because == "skew = (256 − 50) · 1 s/256 (RFC 3768 6.1)"


def test_a_loss_takes_what_is_left_of_the_master_down_interval() -> None:
    assert ends(predict_outage(site(), "power-off-master")) == (2.805, 3.805)
    nodes = {
        "master": {"name": "node129", "address": "192.168.42.129", "priority": 100},
        "backup": {"name": "node128", "address": "192.168.42.128", "priority": 90},
    }
    assert ends(predict_outage(site(nodes=nodes), "power-off-master")) == (2.648, 3.648)
    fast = {"version": 3, "advert_int": 0.1}
    assert ends(predict_outage(site(nodes=nodes, vrrp=fast), "power-off-master")) == (0.265, 0.365)


def test_openresty_that_cannot_start_is_detected_then_skew() -> None:
    band = predict_outage(site(), "openresty-cannot-start")
    assert ends(band) == (2.805, 4.905)  # one more run of the script, its phase, then skew


@pytest.mark.parametrize(
    ("script", "weight", "expected"),
    [
        ("chapter", -20, None),
        ("chapter", 0, (2.805, 4.805)),
        ("fixed", -20, None),
        ("fixed", 0, (2.805, 4.905)),
        ("fixed", -50, None),  # 50 = 50: equal is not below
        ("fixed", -51, (4.805, 7.905)),
        ("chapter", -60, (4.805, 7.805)),
    ],
)
def test_the_weight_decides_whether_the_vip_moves(
    script: str, weight: int, expected: tuple[float, float] | None
) -> None:
    band = predict_outage(site(check_script=script, weight=weight), "openresty-cannot-start")
    assert band.never == (expected is None)
    if expected is not None:
        assert ends(band) == expected


def test_the_gap_that_a_weight_must_close_is_named() -> None:
    band = predict_outage(site(weight=-20), "openresty-cannot-start")
    assert str(band) == "until the undo"
    assert band.because == "weight -20: 80 is not below the 50 of node128"


def test_a_positive_weight_raises_the_backup_and_shortens_its_skew() -> None:
    # 100 alone against 50 + 60; skew (256 - 110)/256
    assert ends(predict_outage(site(weight=60), "openresty-cannot-start")) == (4.57, 7.67)
    assert ends(predict_outage(site(weight=60), "stop-keepalived")) == (0.57, 0.57)
    assert ends(predict_outage(site(weight=253), "stop-keepalived")) == (0.008, 0.008)  # 254 at most


def test_with_nopreempt_a_weight_still_moves_the_vip_away_but_not_back() -> None:
    vrrp = {"preempt": False}
    assert ends(predict_outage(site(weight=-60, vrrp=vrrp), "openresty-cannot-start")) == (4.805, 7.905)
    back = predict_outage(site("node128", weight=-60, vrrp=vrrp), "openresty-cannot-start")
    assert back.never
    assert back.because == "nopreempt on node129: a lower priority than its own never moves the VIP"
    assert not predict_outage(site("node128", weight=0, vrrp=vrrp), "openresty-cannot-start").never


def test_the_standbys_priority_counts_whoever_holds_the_vip() -> None:
    assert ends(predict_outage(site("node128"), "stop-keepalived")) == (0.609, 0.609)  # (256 - 100)/256


def test_a_longer_interval_lets_the_chapters_script_reach_its_killall() -> None:
    band = predict_outage(site(check_script="chapter", weight=-20, check={"interval": 5}), "openresty-cannot-start")
    assert ends(band) == (2.805, 7.805)


def test_a_stopped_openresty_waits_for_its_unit() -> None:
    assert ends(predict_outage(site(), "stop-openresty")) == (1.0, 1.4)
    assert ends(predict_outage(site(openresty={"restart_s": 0.1}), "stop-openresty")) == (0.1, 0.5)


def test_with_fall_1_the_restart_gap_can_already_mean_fault() -> None:
    assert ends(predict_outage(site(check={"fall": 1}), "stop-openresty")) == (0.805, 2.205)


def test_the_chapters_script_may_be_faster_than_the_unit() -> None:
    assert ends(predict_outage(site(check_script="chapter"), "stop-openresty")) == (0.0, 1.4)


def test_a_band_holds_what_lies_within_its_tolerance() -> None:
    band = Band(0.805, 0.805, "")
    assert band.holds(0.821, 0.05)
    assert not band.holds(0.860, 0.05)
    assert not band.holds(0.750, 0.05)


def test_every_fault_of_the_catalogue_has_a_theory() -> None:
    assert set(PREDICTIONS) == set(FAULTS)


def test_a_fault_without_a_theory_is_refused() -> None:
    with pytest.raises(ParameterError) as error:
        predict_outage(site(), "flood")
    assert str(error.value) == (
        "No theory knows the fault 'flood'. Known: stop-openresty, openresty-cannot-start, stop-keepalived, "
        "shutdown-master, power-off-master."
    )
