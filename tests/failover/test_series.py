"""Trials in series, and their table: pure, but for the numbers that are made up."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
from trials import trial

from runbook_lib.checks.verdict import Skipped, Status, Verdict
from runbook_lib.failover.theory.band import Band
from runbook_lib.failover.trials.comparison import (
    AGAIN,
    Comparison,
    exact_errors_s,
    judge_catalogue,
    judge_exact,
    percentile,
    summary_of,
)
from runbook_lib.failover.trials.series import Series, TrialTable, render_csv, row_of, seeds
from runbook_lib.failover.trials.trial_record import Trial

INSIDE, OUTSIDE, DISTURBED = trial(), trial(2.0), trial(late_at_s=3.2)


def compared(series: dict[str, tuple[Trial, ...]]) -> Comparison:
    return Comparison(tuple(Series(name, trials) for name, trials in series.items()))


def exactly(off_s: float) -> Trial:
    """A trial whose exact prediction was off by so much."""

    class Told(Trial):
        @property
        def predicted_end_s(self) -> float | None:
            return None if self.outage is None or self.outage.end_s is None else self.outage.end_s + off_s

    return Told(**vars(trial()))


def test_the_same_seed_gives_the_same_ones_each_another() -> None:
    twenty = list(islice(seeds(7), 20))
    assert twenty == list(islice(seeds(7), 20))
    assert len(set(twenty)) == 20
    assert next(seeds(8)) != twenty[0]


def test_each_trial_has_its_row_as_soon_as_it_is_over(tmp_path: Path) -> None:
    table = TrialTable(tmp_path / "trials.csv")
    for count, (number, each) in enumerate(((1, INSIDE), (2, OUTSIDE), (1, DISTURBED)), start=1):
        table.add(number, each)
        assert (tmp_path / "trials.csv").read_text() == render_csv(table.rows)
        assert len(table.rows) == count
    assert [(row.trial, row.verdict) for row in table.rows] == [(1, "PASSED"), (2, "FAILED"), (1, "SKIPPED")]
    assert [path.name for path in tmp_path.iterdir()] == ["trials.csv"]


def test_a_trial_as_its_row() -> None:
    row = row_of(3, exactly(-0.004))
    assert (row.trial, row.fault, row.seed) == (3, "shutdown-master", 7)
    assert row.fault_at == "2023-11-14T22:13:22.995000+00:00"
    assert (row.low_ms, row.high_ms, row.measured_ms, row.uncertainty_ms) == (805.0, 805.0, 820.0, 10.0)
    assert row.predicted_ms == 816.0
    assert (row.disturbed, row.verdict) == (False, "PASSED")
    assert (row.disturbance, row_of(1, DISTURBED).disturbance) == ("", "a send was 30 ms late")
    assert (row_of(1, DISTURBED).disturbed, row_of(1, DISTURBED).verdict) == (True, "SKIPPED")
    assert row_of(1, OUTSIDE).verdict == "FAILED"


def test_the_table_is_empty_where_there_is_no_number() -> None:
    never = trial(5.0, band=Band(math.inf, math.inf, "it stays"))
    text = render_csv([row_of(1, INSIDE), row_of(2, never)])
    first, second = csv.DictReader(io.StringIO(text))
    assert text.splitlines()[0] == (
        "trial,fault,seed,fault_at,low_ms,high_ms,predicted_ms,measured_ms,uncertainty_ms,disturbed,disturbance,verdict"
    )
    assert (first["low_ms"], first["predicted_ms"], first["disturbed"]) == ("805.0", "", "false")
    assert (second["low_ms"], second["high_ms"], second["measured_ms"]) == ("", "", "")


@pytest.mark.parametrize(("percent", "value"), [(0, 1), (50, 5), (95, 10), (100, 10)])
def test_a_percentile_is_a_value_that_was_seen(percent: float, value: float) -> None:
    assert percentile([7, 1, 9, 3, 5, 2, 4, 6, 8, 10], percent) == value


def test_one_fault_in_numbers() -> None:
    row = summary_of(Series("shutdown-master", (INSIDE, OUTSIDE, DISTURBED, exactly(0.006))))
    assert (row.predicted, row.measured, row.median) == ("0.805 s", "0.820-2.000 s", "0.820 s")
    assert (row.as_predicted, row.exact_off, row.disturbed) == ("2 of 3", "6 ms, 6 ms", 1)


def test_nearly_all_must_lie_inside() -> None:
    good = judge_catalogue(compared({"a": (INSIDE,) * 19 + (OUTSIDE,)}))
    assert (good.status, good.observed) == (Status.PASSED, "a 19 of 20")
    bad = judge_catalogue(compared({"a": (INSIDE,) * 18 + (OUTSIDE,) * 2}))
    assert (bad.status, bad.hint) == (
        Status.FAILED,
        "a: who held the VIP meanwhile? journalctl -u keepalived on both",
    )
    stalled = judge_catalogue(compared({"a": (INSIDE,) * 8 + (DISTURBED,) * 2}))
    assert stalled == Verdict.warned("a 8 of 8; disturbed: a 2 of 10 (a send was 30 ms late)", AGAIN)
    assert judge_catalogue(Skipped("the site allows none")).status is Status.SKIPPED


def test_without_a_trial_that_is_judged_nothing_is_as_predicted() -> None:
    assert judge_catalogue(Comparison(())) == Verdict.skipped("no trial is judged")
    none = Comparison((), {"unplug-master": "unplug-master needs a hand", "shutdown-master": "the site allows none"})
    assert judge_catalogue(none) == Verdict.skipped(
        "no trial is judged; not tried: unplug-master needs a hand; the site allows none"
    )
    by_chance = compared({"vrrp-loss": (trial(0.3, band=Band(0.0, math.inf, "chance")),)})
    assert judge_catalogue(by_chance) == Verdict.skipped("no trial is judged; of vrrp-loss only a rate is predicted")


def test_what_was_not_tried_stands_beside_what_was() -> None:
    some = Comparison((Series("a", (INSIDE,)),), {"unplug-master": "unplug-master needs a hand"})
    assert judge_catalogue(some) == Verdict.passed("a 1 of 1; not tried: unplug-master needs a hand")


def test_exact_predictions_are_judged_together() -> None:
    assert exact_errors_s([INSIDE]) == []
    close = judge_exact(compared({"a": (exactly(0.004),) * 10, "b": (exactly(-0.008),)}))
    assert (close.status, close.observed) == (
        Status.PASSED,
        "11 trials: 4.0 ms in the median, 8.0 ms at the 95th percentile",
    )
    far = judge_exact(compared({"a": (exactly(0.004),) * 9 + (exactly(0.031),)}))
    assert far.status is Status.FAILED
    assert judge_exact(compared({"a": (exactly(0.011),) * 10})).status is Status.FAILED
    assert judge_exact(compared({"a": (exactly(0.011),) * 9})).status is Status.PASSED  # the probe's own step
    assert judge_exact(compared({"a": (INSIDE,)})).status is Status.SKIPPED
    assert replace(INSIDE, exact=None).predicted_s is None


def test_the_band_of_a_series_holds_those_of_its_trials() -> None:
    here, there = trial(2.9, band=Band(2.805, 3.805, "")), trial(2.7, band=Band(2.609, 3.609, ""))
    assert Series("unplug-master", (here, here)).band == here.band
    both = Series("unplug-master", (here, there))
    assert (both.band.low_s, both.band.high_s, both.inside) == (2.609, 3.805, 2)


def test_what_only_a_rate_is_predicted_of_is_not_judged() -> None:
    series = Series("vrrp-loss", (trial(0.3, band=Band(0.0, math.inf, "chance")),))
    assert (series.judged, series.lasted_s, summary_of(series).as_predicted) == ((), [], "not judged")
    assert str(series) == "vrrp-loss: not judged (0.000 s or longer)"
