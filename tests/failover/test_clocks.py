from __future__ import annotations

from pathlib import Path

import pytest
from fakes import open_fake_site

from runbook_lib.failover.measuring.clocks import Clock, measured_clocks, quickest


def test_the_quickest_round_trip_counts_and_its_half_is_the_error() -> None:
    clock = quickest([(10.0, 10.4, 13.0), (20.0, 20.1, 22.55), (30.0, 31.0, 33.0)])
    assert [clock.offset_s, clock.error_s] == pytest.approx([2.5, 0.05])


def test_both_errors_count_when_one_clock_is_seen_from_another() -> None:
    seen = Clock(2.5, 0.05).against(Clock(0.5, 0.01))
    assert [seen.offset_s, seen.error_s] == pytest.approx([2.0, 0.06])


def test_one_clock_is_measured_alike_and_taken_as_what_it_is() -> None:
    shared = Clock(0.003, 0.005, shared=True)
    assert (shared.ahead_s, shared.uncertainty_s) == (0.0, 0.0)
    assert (Clock(0.003, 0.005).ahead_s, Clock(0.003, 0.005).uncertainty_s) == (0.003, 0.005)


def test_each_node_is_measured_against_the_observer(tmp_path: Path) -> None:
    site, _ = open_fake_site(tmp_path, lambda command: (0, "1700000000.5\n"), substrate="ssh")
    clocks = measured_clocks(site)
    assert set(clocks) == {"node129", "node128"}
    assert all(not clock.shared and clock.error_s > 0 for clock in clocks.values())
    assert all(
        abs(clock.offset_s) < 5 for clock in clocks.values()
    )  # each says the same moment, asked one after another


def test_a_node_that_does_not_say_its_time_is_left_out(tmp_path: Path) -> None:
    site, master = open_fake_site(tmp_path, lambda command: (0, "1700000000.5\n"))
    master.answer = lambda command: (127, "")
    assert set(measured_clocks(site)) == {"node128"}
