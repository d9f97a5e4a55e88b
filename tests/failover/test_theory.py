"""The oracle: the formulas of RFC 3768 6.1 and RFC 5798 6.1, and figures measured on two nodes with 2.1.5."""

from __future__ import annotations

from typing import Any

import pytest

from runbook_lib.errors import ParameterError
from runbook_lib.failover.faults.catalogue import FAULTS
from runbook_lib.failover.faults.network_faults import LOSS_PERCENT
from runbook_lib.failover.theory.band import Band
from runbook_lib.failover.theory.pair import Pair
from runbook_lib.failover.theory.predictions import (
    DEFAULT_LOSS,
    THEORIES,
    exact_wait,
    longest_takeover_s,
    predict_outage,
    vrrp_loss,
)
from runbook_lib.site import parse_site

FAREWELLS = ("stop-keepalived", "kill-keepalived-parent", "shutdown-master", "reboot-master")
LOSSES = ("power-off-master", "unplug-master")


def site(holder: str = "node129", **values: Any) -> Pair:
    return Pair.of(parse_site(values), holder)


def moment_s(pair: Pair, fault: str, **heard_s: float) -> float | None:
    exact = exact_wait(pair, fault)
    return None if exact is None else exact.moment_s(**heard_s)


def ends(band: Band) -> tuple[float, float]:
    return (round(band.low_s, 3), round(band.high_s, 3))


@pytest.mark.parametrize("fault", FAREWELLS)
def test_a_clean_stop_takes_skew(fault: str) -> None:
    band = predict_outage(site(), fault)
    assert ends(band) == (0.805, 0.805)
    assert str(band) == "0.805 s"
    assert band.because == "skew = (256 − 50) · 1 s/256 (RFC 3768 6.1)"


def test_a_loss_takes_what_is_left_of_the_master_down_interval() -> None:
    assert ends(predict_outage(site(), "unplug-master")) == (2.805, 3.805)
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
    assert band.because == (
        "detection = up to 2 s + (fall 2 − 1) · 2 s + up to 0.1 s that the run takes; "
        "weight 0: FAULT, which says goodbye; skew = (256 − 50) · 1 s/256 (RFC 3768 6.1)"
    )


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
    assert set(FAULTS) <= set(THEORIES)


def test_as_much_is_lost_as_the_theory_counts_with() -> None:
    assert LOSS_PERCENT == DEFAULT_LOSS * 100


def test_a_fault_without_a_theory_is_refused() -> None:
    with pytest.raises(ParameterError) as error:
        predict_outage(site(), "flood")
    assert str(error.value) == (
        "No theory knows the fault 'flood'. Known: stop-openresty, openresty-cannot-start, freeze-openresty, "
        "stop-keepalived, kill-keepalived-parent, kill-keepalived, freeze-keepalived, shutdown-master, reboot-master, "
        "power-off-master, unplug-master, block-vrrp-one-side, block-vrrp-both, vrrp-loss, stop-nacos, "
        "return-of-master."
    )


def test_the_parts_say_in_words_what_the_sum_is_made_of() -> None:
    assert [part.words for part in predict_outage(site(), "power-off-master").parts] == [
        "up to 1 s until the next advertisement would have come",
        "2 more that don't come, 2 s",
        "skew, 0.805 s: the standby's priority is 50",
    ]
    assert [part.words for part in predict_outage(site(), "openresty-cannot-start").parts] == [
        "up to 2 s until the next run of chk_openresty",
        "1 more failed run (fall 2), 2 s",
        "up to 0.1 s that the run takes",
        "skew, 0.805 s: the standby's priority is 50",
    ]


def test_a_frozen_openresty_is_seen_by_a_request_and_never_by_ps() -> None:
    assert ends(predict_outage(site(), "freeze-openresty")) == (3.805, 5.905)  # curl gives up after interval/2
    assert predict_outage(site(weight=-20), "freeze-openresty").never
    band = predict_outage(site(check_script="chapter", weight=0), "freeze-openresty")
    assert band.never
    assert band.because == "the script looks for the process only, which is there"


@pytest.mark.parametrize("fault", ["kill-keepalived", "freeze-keepalived", "block-vrrp-one-side", "block-vrrp-both"])
def test_two_holders_need_not_cost_a_request(fault: str) -> None:
    band = predict_outage(site(), fault)
    assert ends(band) == (0.0, 0.1)
    assert "node128 takes it too after 2.805-3.805 s, so that both hold it" in band.because


def test_the_entry_does_not_need_nacos() -> None:
    assert ends(predict_outage(site(), "stop-nacos")) == (0.0, 0.0)


def test_a_master_that_returns_takes_the_vip_back_unless_it_says_nopreempt() -> None:
    band = predict_outage(site(), "return-of-master")
    assert ends(band) == (0.0, 0.1)
    assert band.because == (
        "node129 waits 3.609 s after its start and its script's first run, then takes the VIP back: "
        "both hold it for a moment"
    )
    assert predict_outage(site("node128"), "return-of-master") == band  # whoever holds it meanwhile
    stays = predict_outage(site(vrrp={"preempt": False}), "return-of-master")
    assert ends(stays) == (0.0, 0.0)
    assert stays.because == "nopreempt on node129: the VIP stays where it is"


def test_a_loss_of_advertisements_is_a_matter_of_chance() -> None:
    band = vrrp_loss(site(), 0.3)
    assert (band.low_s, band.bounded, band.never) == (0.0, False, False)
    assert str(band) == "0.000 s or longer"
    assert band.because == (
        "with 30% loss the standby takes over about 69.9 times an hour, whenever 3 in a row are lost "
        "(0.027 of all such runs); both hold the VIP until it hears the MASTER again"
    )


def test_what_is_watched_is_longer_than_any_takeover() -> None:
    assert round(longest_takeover_s(site()), 3) == 7.905


def test_the_wire_tells_the_exact_moment() -> None:
    pair = site()
    for fault in FAREWELLS:
        assert moment_s(pair, fault, goodbye_s=10.0) == pytest.approx(10.8047, abs=1e-4)
        assert moment_s(pair, fault, last_advert_s=10.0) is None
    for fault in LOSSES:
        assert moment_s(pair, fault, last_advert_s=10.0) == pytest.approx(13.8047, abs=1e-4)
        assert moment_s(pair, fault, goodbye_s=10.0) is None
    fast = site(vrrp={"version": 3, "advert_int": 0.1})
    assert moment_s(fast, "unplug-master", last_advert_s=10.0) == pytest.approx(10.3805, abs=1e-4)


def test_a_script_failure_is_exact_only_where_it_says_goodbye() -> None:
    at = pytest.approx(10.8047, abs=1e-4)
    assert moment_s(site(), "openresty-cannot-start", goodbye_s=10.0) == at
    assert moment_s(site(), "freeze-openresty", goodbye_s=10.0) == at
    assert moment_s(site(weight=-60), "openresty-cannot-start", goodbye_s=10.0) is None
    blind = site(check_script="chapter", weight=0)
    assert moment_s(blind, "freeze-openresty", goodbye_s=10.0) is None
    assert moment_s(site(), "stop-openresty", goodbye_s=10.0) is None
    assert moment_s(site(), "kill-keepalived", last_advert_s=10.0) is None


def test_of_another_release_no_exact_moment_is_known() -> None:
    found = Pair.of(parse_site({}), keepalived="2.3.3")
    assert not found.version_known
    assert moment_s(found, "unplug-master", last_advert_s=10.0) is None
    assert ends(predict_outage(found, "unplug-master")) == (2.805, 3.805)
    assert Pair.of(parse_site({}), keepalived="2.2.7").version_known
