from __future__ import annotations

import pytest

from runbook_lib.errors import HostError
from runbook_lib.hosts.clock import ClockOffset, parse_clock, quickest


def test_the_quickest_round_trip_counts_and_its_half_is_the_error() -> None:
    clock = quickest([(10.0, 10.4, 13.0), (20.0, 20.1, 22.55), (30.0, 31.0, 33.0)])
    assert [clock.offset_s, clock.error_s] == pytest.approx([2.5, 0.05])


def test_both_errors_count_when_one_clock_is_seen_from_another() -> None:
    seen = ClockOffset(2.5, 0.05).against(ClockOffset(0.5, 0.01))
    assert [seen.offset_s, seen.error_s] == pytest.approx([2.0, 0.06])


def test_what_date_prints() -> None:
    assert parse_clock("node128", "1700000000.500000000\n") == 1700000000.5


@pytest.mark.parametrize(
    "said", ["", "nan\n", "inf\n", "1e9\n", "1700000000.%N\n", "17_0.5\n", "-1.5\n", "1.5\n\n", "٣.٣\n"]
)
def test_what_is_no_time(said: str) -> None:
    with pytest.raises(HostError) as caught:
        parse_clock("node128", said)
    assert str(caught.value) == "node128: `date` does not tell its clock's time. Run on node128: date +%s.%N"
