"""The chart of a trial: who answered through the VIP over time, and how fast. The only door to matplotlib."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from runbook_lib.failover.theory import TOLERANCE_S
from runbook_lib.failover.timeline import answers
from runbook_lib.failover.trial_record import Skipped, Trial

ENTRY_COLOURS = ("#0072B2", "#009E73", "#56B4E9", "#CC79A7")  # Okabe and Ito: told apart with any colour vision
LOST, BAND, MARK = "#D55E00", "#F0E442", "#333333"
BEFORE_S = 1.0
AFTER_S = 7.0
STEP_S = 0.01
"""Of the probe; a stretch of one sample is drawn as wide."""
STYLE: dict[Any, Any] = {  # matplotlib's own type lists all its names
    "font.size": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "svg.hashsalt": "runbook",  # the same trial gives the same file
    "svg.fonttype": "none",  # text stays text
}


@dataclass(frozen=True)
class Chart:
    """A drawn chart: shown by Jupyter as a picture, and by a terminal as its one sentence."""

    png: bytes
    sentence: str
    files: tuple[Path, ...]

    def _repr_png_(self) -> bytes:
        return self.png

    def __repr__(self) -> str:
        return self.sentence


def draw_trial(trial: Trial | Skipped, folder: Path) -> Chart | Skipped:
    """Draw a trial, and keep it in `folder` as PNG and SVG. A trial that was skipped stays so."""
    if isinstance(trial, Skipped):
        return trial
    with rc_context(STYLE):
        figure = _figure(trial)
        png, svg = _rendered(figure, "png"), _rendered(figure, "svg")
    folder.mkdir(parents=True, exist_ok=True)
    files = (folder / f"{trial.name}.png", folder / f"{trial.name}.svg")
    for file, content in zip(files, (png, svg), strict=True):
        file.write_bytes(content)
    return Chart(png, str(trial), files)


def title_of(trial: Trial) -> str:
    """The chart's two lines: what happened and how long it lasted, and what was predicted."""
    outage, band = trial.outage, trial.band
    what = trial.what[0].upper() + trial.what[1:]
    if outage is None:
        lost = "no request was lost"
    elif outage.duration_s is None:
        lost = "no service until the end of the recording"
    else:
        edges = f"(+{outage.start_gap_s * 1e3:.0f}/−{outage.end_gap_s * 1e3:.0f} ms)"
        lost = f"outage {outage.duration_s * 1e3:.0f} ms {edges}"
    if band.never:
        predicted = f"until the undo ({band.because})"
    else:
        low, high = round(band.low_s * 1e3), round(band.high_s * 1e3)
        predicted = f"{low} ms" if low == high else f"{low}–{high} ms"
    stalled = f"; disturbed, not judged: a send was {trial.lateness_s * 1e3:.0f} ms late" if trial.disturbed else ""
    return f"{what}: {lost}\npredicted: {predicted}{stalled}"


def _figure(trial: Trial) -> Figure:
    figure = Figure(figsize=(9.0, 4.6), layout="constrained")
    who, speed = figure.subplots(2, 1, sharex=True, height_ratios=(2, 3))
    zero_s = trial.fault_s
    start_s = trial.asked_s if trial.outage is None else trial.outage.start_s
    colours = _colours(trial)
    _draw_who(who, trial, colours, zero_s)
    _draw_speed(speed, trial, colours, zero_s)
    for axes in (who, speed):
        _draw_marks(axes, trial, start_s, zero_s)
    who.set_xlim(-BEFORE_S, _last_s(trial) - zero_s)
    _label_marks(who, trial, zero_s)
    speed.set_xlabel(f"seconds since the fault (one GET /entry through {trial.vip} every {STEP_S * 1e3:.0f} ms)")
    figure.legend(*speed.get_legend_handles_labels(), loc="outside lower center", ncols=6, fontsize=8, frameon=False)
    figure.suptitle(title_of(trial), fontsize=10, fontweight="bold")
    return figure


def _last_s(trial: Trial) -> float:
    """The right edge: steady state again, or a while after the recovery where the trial goes on for longer."""
    if trial.outage is None or trial.outage.end_s is None:
        return trial.steady_s
    return min(trial.steady_s, trial.outage.end_s + AFTER_S)


def _draw_who(axes: Axes, trial: Trial, colours: dict[str, str], zero_s: float) -> None:
    """One lane an entry, and one for nobody."""
    lanes = [*colours, "nobody"]
    for span in answers(trial.recording.samples):
        lane = lanes.index(span.label) if span.good else len(lanes) - 1
        width = span.end_s - span.start_s + STEP_S
        colour = colours[span.label] if span.good else LOST
        axes.broken_barh([(span.start_s - zero_s, width)], (lane - 0.35, 0.7), color=colour)
    axes.set_yticks(range(len(lanes)), lanes)
    axes.set_ylim(len(lanes) - 0.5, -0.5)
    axes.set_ylabel("answered by")


def _draw_speed(axes: Axes, trial: Trial, colours: dict[str, str], zero_s: float) -> None:
    """Each request: when it was sent, and how long its answer, or the certainty that none comes, took."""
    for label, colour in colours.items():
        taken = [s for s in trial.recording.samples if s.good and s.entry == label]
        _dots(axes, [(s.sent_s - zero_s, (s.done_s - s.sent_s) * 1e3) for s in taken], ".", colour, f"200 from {label}")
    failed = [s for s in trial.recording.samples if not s.good and s.observed]
    for kind, marker in zip(sorted({s.kind for s in failed}), "x+1234|_", strict=False):
        points = [(s.sent_s - zero_s, (s.done_s - s.sent_s) * 1e3) for s in failed if s.kind == kind]
        _dots(axes, points, marker, LOST, kind)
    axes.set_yscale("log")
    axes.set_ylim(0.1, 2000)
    axes.yaxis.set_major_formatter("{x:g}")
    axes.set_ylabel("HTTP answer after, ms")
    axes.grid(axis="y", alpha=0.3)
    axes.fill_between([], [], color=BAND, alpha=0.5, label=f"recovery as predicted ± {TOLERANCE_S * 1e3:.0f} ms")


def _dots(axes: Axes, points: list[tuple[float, float]], marker: str, colour: str, label: str) -> None:
    axes.plot([p[0] for p in points], [p[1] for p in points], marker, color=colour, label=label, markersize=4)


def _draw_marks(axes: Axes, trial: Trial, start_s: float, zero_s: float) -> None:
    """The fault, the recovery, the undo, and the band in which the recovery was predicted."""
    if not trial.band.never:
        low, high = start_s + trial.band.low_s - zero_s, start_s + trial.band.high_s - zero_s
        axes.axvspan(low - TOLERANCE_S, high + TOLERANCE_S, color=BAND, alpha=0.5, linewidth=0, zorder=0)
    axes.axvline(0.0, color=MARK, linewidth=1)
    if trial.outage and trial.outage.end_s is not None:
        axes.axvline(trial.outage.end_s - zero_s, color=MARK, linewidth=1, linestyle="--")
    axes.axvline(trial.undone_s - zero_s, color=MARK, linewidth=1, linestyle=":")


def _label_marks(axes: Axes, trial: Trial, zero_s: float) -> None:
    """The marks' names, above the upper axes, each at its own height so that near ones don't overlap."""
    marks = [(0.0, "fault")]
    if trial.outage and trial.outage.end_s is not None:
        marks.append((trial.outage.end_s - zero_s, "recovery"))
    marks.append((trial.undone_s - zero_s, "undo"))
    right = axes.get_xlim()[1]
    for i, (at, label) in enumerate(mark for mark in marks if mark[0] <= right):
        above = axes.get_xaxis_transform()
        axes.text(at, 1.02 + 0.14 * (i % 2), label, transform=above, fontsize=8, color=MARK, ha="center")


def _colours(trial: Trial) -> dict[str, str]:
    """A colour for each entry, in the order in which they answered."""
    names = dict.fromkeys(sample.entry for sample in trial.recording.samples if sample.good)
    return dict(zip(names, ENTRY_COLOURS, strict=False))


def _rendered(figure: Figure, kind: str) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format=kind, dpi=110, metadata={"Date": None} if kind == "svg" else None)
    return buffer.getvalue()
