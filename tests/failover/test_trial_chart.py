from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
from raw_trials import raw_trial
from trials import trial

from runbook_lib.checks.verdict import Skipped
from runbook_lib.failover.charts.chart import Chart
from runbook_lib.failover.charts.trial_chart import draw_trial, title_of
from runbook_lib.failover.theory.band import Band
from runbook_lib.failover.trials.trial_record import Trial
from runbook_lib.hosts import ClockOffset

NEVER = Band(math.inf, math.inf, "weight -20: 80 is not below the 50 of node128")


def test_the_title_says_what_happened_and_what_was_predicted() -> None:
    assert title_of(trial()) == "The MASTER is shut down: outage 820 ms (+10/−10 ms)\npredicted: 805 ms"
    lost = title_of(trial(0.9, band=Band(0.5, 1.0, ""), late_at_s=3.5))
    assert lost == (
        "The MASTER is shut down: outage 900 ms (+10/−10 ms)\n"
        "predicted: 500–1000 ms; disturbed, not judged: a send was 30 ms late"
    )
    assert title_of(trial(5.0, band=NEVER)) == (
        "The MASTER is shut down: no service until the end of the recording\n"
        "predicted: until the undo (weight -20: 80 is not below the 50 of node128)"
    )


@pytest.mark.filterwarnings("error")  # a missing glyph is only a warning
@pytest.mark.parametrize(
    "made",
    [
        trial(0.3, band=Band(0.0, math.inf, "chance")),
        trial(0.0),
        trial(5.0, band=NEVER),
        trial(2.9, band=Band(2.805, 3.805, "")),
    ],
)
def test_a_chart_is_kept_as_png_and_svg(made: Trial, tmp_path: Path) -> None:
    chart = draw_trial(made, tmp_path / "figures")
    assert isinstance(chart, Chart)
    assert [file.name for file in chart.files] == ["shutdown-master-1a2b3c4d.png", "shutdown-master-1a2b3c4d.svg"]
    assert chart.files[0].read_bytes() == chart.png == chart._repr_png_()
    assert chart.png.startswith(b"\x89PNG")
    svg = chart.files[1].read_text()
    for words in ("seconds since the fault", "has the VIP", "node129", "outage by layer", "answered, or given", "undo"):
        assert words in svg
    assert str(chart) == str(made)


def test_what_the_clocks_leave_open_is_drawn_at_each_change_of_holder(tmp_path: Path) -> None:
    raw, words = raw_trial(), "error of the node"
    other = replace(trial(), recording=raw.recording, capture=raw.capture, addresses=raw.addresses)
    for error_s in (0.06, 0.0):
        draw_trial(replace(other, clocks=dict.fromkeys(raw.nodes, ClockOffset(0.0, error_s))), tmp_path)
        assert (words in (tmp_path / f"{other.name}.svg").read_text()) is (error_s > 0)


def test_what_was_skipped_is_not_drawn(tmp_path: Path) -> None:
    skipped = Skipped("observer: none")
    assert draw_trial(skipped, tmp_path) is skipped
    assert list(tmp_path.iterdir()) == []
