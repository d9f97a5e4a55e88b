"""Charts of many trials: the outages of one fault over their theory, and every fault on one sheet."""

from __future__ import annotations

import statistics
from pathlib import Path

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import blended_transform_factory

from runbook_lib.checks.verdict import Skipped
from runbook_lib.failover.charts.chart import BAND, LOST, MARK, STYLE, TAKEN, Chart, keep
from runbook_lib.failover.faults.catalogue import fault_named
from runbook_lib.failover.theory.distribution import cdf
from runbook_lib.failover.theory.predictions import TOLERANCE_S
from runbook_lib.failover.trials.claims import as_predicted
from runbook_lib.failover.trials.comparison import Comparison
from runbook_lib.failover.trials.series import Series
from runbook_lib.failover.trials.trial_record import Trial

LONGEST_S = 60.0
"""The sheet's right edge at most: an outage that lasts until the undo says nothing by its length."""


EVERY_FAULT = "Every fault: the predicted band, and what was measured"


def draw_series(series: Series, folder: Path) -> Chart:
    """How the outages of one fault are distributed, over what the configuration predicts; as PNG and SVG."""
    with rc_context(STYLE):
        figure = Figure(figsize=(8, 4.5), layout="constrained")
        _draw_distribution(figure.subplots(), series)
        return keep(figure, folder, series.name, str(series))


def draw_catalogue(
    found: Comparison | Skipped, folder: Path, name: str = "catalogue", title: str = EVERY_FAULT
) -> Chart | Skipped:
    """All series on one sheet: each one's predicted band, and each outage that was measured; as PNG and SVG."""
    if isinstance(found, Skipped):
        return found
    with rc_context(STYLE):
        figure = Figure(figsize=(8, 1.3 + 0.42 * len(found.series)), layout="constrained")
        _draw_sheet(figure.subplots(), found.series, title)
        return keep(figure, folder, name, "; ".join(map(str, found.series)))


def _until_s(trial: Trial) -> float:
    """Where the trial's mark stands: at its outage, or at the end of the recording where the service did not return."""
    return trial.steady_s - trial.fault_s if trial.lasted_s is None else trial.lasted_s


def _draw_distribution(axes: Axes, series: Series) -> None:
    band, judged = series.band, series.lasted_s
    if band.bounded:
        label = f"predicted {band} ± {TOLERANCE_S * 1e3:.0f} ms"
        low, high = band.low_s - TOLERANCE_S, band.high_s + TOLERANCE_S
        axes.axvspan(low, high, color=BAND, alpha=0.5, linewidth=0, label=label)
    if shares := cdf(band):
        x, share = [point[0] for point in shares], [point[1] for point in shares]
        axes.plot(x, share, color=MARK, linewidth=1.2, label="theory: share that is over by then")
    if judged:
        axes.ecdf(judged, color=TAKEN, linewidth=1.8, label=f"measured, {len(judged)} trials")
        axes.plot(judged, [0.03] * len(judged), "|", color=TAKEN, markersize=9)
    if aside := [_until_s(trial) for trial in series.trials if trial.disturbed]:
        axes.plot(aside, [0.03] * len(aside), "x", color=LOST, label=f"disturbed, not judged: {len(aside)}")
    axes.set_ylim(0, 1.02)
    axes.set_ylabel("share of the trials")
    axes.set_xlabel("outage: seconds from the first lost request to the first answered one")
    title = fault_named(series.trials[0].fault).title
    said = f"{title[0].upper()}{title[1:]}: {len(series.trials)} outages and what the configuration predicts"
    axes.set_title(said, loc="left")
    axes.legend(loc="upper left", frameon=False)
    axes.grid(alpha=0.3)


def _draw_sheet(axes: Axes, every: tuple[Series, ...], title: str) -> None:
    bounded = [series for series in every if series.band.bounded]
    longest_s = max([1.0, *(_until_s(t) for s in bounded for t in s.trials), *(s.band.high_s for s in bounded)])
    right_s = min(LONGEST_S, 1.25 * longest_s)
    for row, series in enumerate(every):
        _draw_row(axes, row, series, right_s)
    axes.set_yticks(range(len(every)), [series.name for series in every])
    axes.set_ylim(len(every) - 0.4, -0.6)
    axes.set_xlim(-0.02 * right_s, right_s)
    axes.set_xlabel("outage through the VIP, seconds")
    axes.set_title(title, loc="left")
    axes.grid(axis="x", alpha=0.3)
    axes.barh([0], [0], color=BAND, label=f"predicted ± {TOLERANCE_S * 1e3:.0f} ms")
    for marker, colour, label in (("o", TAKEN, "measured"), ("D", LOST, "outside"), ("x", MARK, "disturbed")):
        axes.plot([], [], marker, color=colour, label=label, markersize=4)
    below = -0.55 / (1.3 + 0.42 * len(every)) - 0.05
    axes.legend(ncols=4, loc="upper center", bbox_to_anchor=(0.5, below), frameon=False)


def _draw_row(axes: Axes, row: int, series: Series, right_s: float) -> None:
    band = series.band
    if band.bounded:
        width = band.high_s - band.low_s + 2 * TOLERANCE_S
        axes.barh(row, width, left=band.low_s - TOLERANCE_S, height=0.6, color=BAND, alpha=0.7)
    else:
        axes.barh(row, right_s, left=0, height=0.6, color=BAND, alpha=0.25, hatch="//", edgecolor=MARK, linewidth=0)
    for trial in series.trials:
        outside = trial in series.judged and not as_predicted(trial)
        marker, colour = ("x", MARK) if trial.disturbed else ("D", LOST) if outside else ("o", TAKEN)
        axes.plot(min(_until_s(trial), right_s), row, marker, color=colour, markersize=4)
    beside = blended_transform_factory(axes.transAxes, axes.transData)
    median = f"\nmedian {statistics.median(series.lasted_s):.3f} s" if series.lasted_s and band.bounded else ""
    axes.text(1.01, row, f"{band}{median}", transform=beside, va="center", fontsize=7.5)
