from __future__ import annotations

import math

from trials import trial

from runbook_lib.failover.charts.trial_chart import title_of
from runbook_lib.failover.theory.band import Band, Part
from runbook_lib.failover.theory.pair import Pair
from runbook_lib.failover.trials.trial import longest_s
from runbook_lib.site import Site

OPEN = Band(0.5, math.inf, "chance")


def test_a_band_is_the_sum_of_its_parts() -> None:
    band = Band.of([Part("a", 0.0, 1.0, "x"), Part("b", 0.5, 0.5, "y")], "x and y")
    assert (band.low_s, band.high_s, str(band), band.bounded, band.never) == (0.5, 1.5, "0.500-1.500 s", True, False)


def test_a_band_without_an_upper_end() -> None:
    assert (str(OPEN), OPEN.bounded, OPEN.never) == ("0.500 s or longer", False, False)
    assert OPEN.holds(1000.0, 0.0)
    assert not OPEN.holds(0.4, 0.05)


def test_a_trial_of_one_is_titled_and_waited_for_as_long_as_any_takeover_takes() -> None:
    made = trial(0.6, band=OPEN)
    assert title_of(made).endswith("predicted: 0.500 s or longer (chance)")
    pair = Pair.of(Site())
    assert round(longest_s(pair, OPEN, "vrrp-loss"), 3) == 8.905
    assert longest_s(pair, Band(0.0, 1.0, ""), "stop-openresty") == 6.0
