from __future__ import annotations

import pytest

from runbook_lib.hosts.clock import ClockOffset, quickest


def test_the_quickest_round_trip_counts_and_its_half_is_the_error() -> None:
    clock = quickest([(10.0, 10.4, 13.0), (20.0, 20.1, 22.55), (30.0, 31.0, 33.0)])
    assert [clock.offset_s, clock.error_s] == pytest.approx([2.5, 0.05])


def test_both_errors_count_when_one_clock_is_seen_from_another() -> None:
    seen = ClockOffset(2.5, 0.05).against(ClockOffset(0.5, 0.01))
    assert [seen.offset_s, seen.error_s] == pytest.approx([2.0, 0.06])
