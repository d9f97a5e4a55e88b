"""The chart of one trial: who held the VIP, what the wire and each layer saw, the outage by its parts, each answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib import rc_context
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from runbook_lib.checks.verdict import Skipped
from runbook_lib.failover.charts.chart import BAND, ENTRY_COLOURS, LOST, MARK, SHADE, STYLE, Chart, keep
from runbook_lib.failover.measuring.layers import VRRP, Layer
from runbook_lib.failover.measuring.samples import HTTP, Sample
from runbook_lib.failover.measuring.timeline import Timeline
from runbook_lib.failover.theory.predictions import TOLERANCE_S
from runbook_lib.failover.trials.trial_record import Trial

BEFORE_S = 1.5
AFTER_S = 3.0
TAIL_S = 5.0
"""After the recovery, at least, where the undo waited for the application."""
STEP_S = 0.01
"""Of the probe; a stretch of one sample is drawn as wide."""
PART_COLOURS = ("#999999", "#E69F00", "#CC79A7", "#56B4E9", "#009E73")


def draw_trial(trial: Trial | Skipped, folder: Path) -> Chart | Skipped:
    """Draw a trial, and keep it in `folder` as PNG and SVG. A trial that was skipped stays so."""
    if isinstance(trial, Skipped):
        return trial
    with rc_context(STYLE):
        return keep(_figure(trial), folder, trial.name, str(trial))


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
    if not band.bounded:
        predicted = f"{band} ({band.because})"
    else:
        low, high = round(band.low_s * 1e3), round(band.high_s * 1e3)
        predicted = f"{low} ms" if low == high else f"{low}–{high} ms"
    if trial.predicted_s is not None:
        predicted += f"; from the wire, exactly {trial.predicted_s * 1e3:.0f} ms"
    stalled = f"; disturbed, not judged: {', '.join(trial.disturbances)}" if trial.disturbed else ""
    return f"{what}: {lost}\npredicted: {predicted}{stalled}"


def _figure(trial: Trial) -> Figure:
    figure = Figure(figsize=(9.0, 7.6), layout="constrained")
    axes = figure.subplots(5, 1, sharex=True, height_ratios=(2, 2.6, 4.2, 1, 4))
    held, wire, layers, parts, speed = axes
    timeline, colours = trial.timeline, _colours(trial)
    _draw_holds(held, trial, timeline, colours)
    _draw_wire(wire, trial, timeline, colours)
    _draw_layers(layers, trial, timeline, colours)
    _draw_parts(parts, trial, timeline)
    _draw_speed(speed, trial, colours)
    speed.set_xlim(-BEFORE_S, _last_s(trial) - trial.fault_s)
    for each in axes:
        _draw_marks(each, trial)
    _label_marks(held, trial)
    speed.set_xlabel(f"seconds since the fault; one GET /entry through {trial.vip} every {STEP_S * 1e3:.0f} ms")
    _legend(figure, axes)
    figure.suptitle(title_of(trial), fontsize=10, fontweight="bold")
    return figure


def _last_s(trial: Trial) -> float:
    """The right edge: some time after the undo, after the VIP's return, or after the last loss on the way back.

    Where the undo waited for the application, some time after the recovery: else nothing of it could be seen.
    """
    over = [outage.end_s for outage in (trial.outage, *trial.way_back) if outage and outage.end_s is not None]
    returns = [hold.start_s for hold in trial.handed_back]
    whole_s = min(trial.steady_s, max([trial.undone_s, *over, *returns]) + AFTER_S)
    if trial.followed is None or trial.outage is None or trial.outage.end_s is None:
        return whole_s
    return min(whole_s, trial.outage.end_s + max(TAIL_S, 2 * (trial.outage.end_s - trial.outage.start_s)))


def _draw_holds(axes: Axes, trial: Trial, timeline: Timeline, colours: Mapping[str, str]) -> None:
    """One lane a node: when its kernel had the VIP, give or take its clock's error; in red where both had it."""
    nodes = list(trial.nodes)
    for hold in timeline.holds:
        span = (hold.start_s - trial.fault_s, hold.until(trial.steady_s) - hold.start_s)
        axes.broken_barh([span], (nodes.index(hold.node) - 0.35, 0.7), color=colours[hold.node])
        if hold.error_s:
            edges = [edge - trial.fault_s for edge in (hold.start_s, hold.end_s) if edge is not None]
            _error_bars(axes, edges, nodes.index(hold.node), hold.error_s)
    for breach in timeline.overlaps:
        span = (breach.start_s - trial.fault_s, breach.duration_s)
        axes.broken_barh([span], (-0.5, len(nodes)), color=LOST, alpha=0.6, label="both hold the VIP")
    _lanes(axes, nodes, "has the VIP")


def _draw_wire(axes: Axes, trial: Trial, timeline: Timeline, colours: Mapping[str, str]) -> None:
    """Advertisements of each node and what was said about the VIP's MAC address."""
    nodes, zero_s = list(trial.nodes), trial.fault_s
    name_of = {address: name for name, address in trial.nodes.items()}
    node_of = {advert.mac: name_of[advert.source] for advert in timeline.advertisements if advert.source in name_of}
    for node in nodes:
        said = [a for a in timeline.advertisements if name_of.get(a.source) == node]
        lane = nodes.index(node)
        adverts = [a.at_s - zero_s for a in said if not a.goodbye]
        goodbyes = [a.at_s - zero_s for a in said if a.goodbye]
        told = [a.at_s - zero_s for a in timeline.announcements if node_of.get(a.mac) == node]
        _ticks(axes, adverts, lane, ("|", colours[node], "advertisement"))
        _ticks(axes, goodbyes, lane, ("v", LOST, "priority 0: goodbye"))
        _ticks(axes, told, lane + 0.28, ("^", MARK, "gratuitous ARP"))
    _lanes(axes, nodes, "on the wire")


def _draw_layers(axes: Axes, trial: Trial, timeline: Timeline, colours: Mapping[str, str]) -> None:
    """Each layer's outage, from its cause to what a client sees; HTTP is coloured by who answered."""
    names = []
    for lane, layer in enumerate(timeline.layers):
        names.append(layer.name.upper())
        spans = timeline.lanes.get(layer.name, ())
        for span in spans:
            place = (span.start_s - trial.fault_s, span.end_s - span.start_s + STEP_S)
            if layer.name == HTTP:
                colour = colours.get(span.label, ENTRY_COLOURS[2]) if span.good else LOST
                axes.broken_barh([place], (lane - 0.32, 0.64), color=colour)
            else:
                axes.broken_barh([place], (lane - 0.32, 0.64), color=SHADE, label="answered")
        _draw_outage(axes, trial, lane, layer)
    _lanes(axes, names, "outage by layer")


def _draw_outage(axes: Axes, trial: Trial, lane: int, layer: Layer) -> None:
    if layer.unobserved:
        axes.text(-BEFORE_S, lane, f" not observed: {layer.unobserved}", va="center", fontsize=7, color=MARK)
    if layer.outage is None:
        return
    start, end = layer.outage.start_s, layer.outage.end_s
    over = _last_s(trial) if end is None else end
    axes.broken_barh([(start - trial.fault_s, over - start)], (lane - 0.32, 0.64), color=LOST, label="outage")
    lasted = "without end" if end is None else f"{(end - start) * 1e3:.0f} ms"
    silent = " without an advertisement" if layer.name == VRRP else ""
    axes.text(over - trial.fault_s, lane, f" {lasted}{silent}", va="center", fontsize=7.5)


def _draw_parts(axes: Axes, trial: Trial, timeline: Timeline) -> None:
    """The outage as one bar, part after part; those too short to see are named with their length all the same."""
    for part, colour in zip(timeline.parts, PART_COLOURS, strict=False):
        label = f"{part.name} {part.duration_s * 1e3:.0f} ms"
        axes.broken_barh([(part.start_s - trial.fault_s, part.duration_s)], (-0.4, 0.8), color=colour, label=label)
    _lanes(axes, ["parts"], "")
    if timeline.parts:
        axes.legend(loc="center left", bbox_to_anchor=(0, -0.55), ncols=5, frameon=False, borderaxespad=0)


def _draw_speed(axes: Axes, trial: Trial, colours: Mapping[str, str]) -> None:
    """Each request: when it was sent, and how long its answer, or the certainty that none comes, took."""
    samples = trial.recording.samples
    for label, colour in colours.items():
        _dots(axes, trial, [s for s in samples if s.good and s.entry == label], (".", colour, f"200 from {label}"))
    failed = [s for s in samples if not s.good and s.observed]
    for kind, marker in zip(sorted({s.kind for s in failed}), "x+1234|_", strict=False):
        _dots(axes, trial, [s for s in failed if s.kind == kind], (marker, LOST, kind))
    axes.set_yscale("log")
    axes.set_ylim(0.1, 2000)
    axes.yaxis.set_major_formatter("{x:g}")
    axes.set_ylabel("answered, or given\nup, after ms")
    axes.grid(axis="y", alpha=0.3)


def _draw_marks(axes: Axes, trial: Trial) -> None:
    """The fault's window shaded; the band of the predicted recovery; its exact moment; what was measured."""
    start_s = trial.fault_s if trial.outage is None else trial.outage.start_s
    zero_s = trial.fault_s
    axes.axvspan(0, trial.undone_s - zero_s, color=SHADE, alpha=0.6, linewidth=0, zorder=-2)
    if trial.band.bounded and (trial.outage is not None or trial.band.low_s > 0):
        low, high = start_s + trial.band.low_s - zero_s, start_s + trial.band.high_s - zero_s
        label = f"recovery as predicted ± {TOLERANCE_S * 1e3:.0f} ms"
        axes.axvspan(low - TOLERANCE_S, high + TOLERANCE_S, color=BAND, alpha=0.5, linewidth=0, zorder=-1, label=label)
    axes.axvline(0.0, color=MARK, linewidth=1)
    axes.axvline(trial.undone_s - zero_s, color=MARK, linewidth=1, linestyle=":")
    if trial.predicted_end_s is not None:
        at = trial.predicted_end_s - zero_s
        axes.axvline(at, color=MARK, linewidth=1.2, linestyle="--", label="exact prediction from the wire")


def _label_marks(axes: Axes, trial: Trial) -> None:
    """The marks' names, above the upper axes."""
    above = axes.get_xaxis_transform()
    for at_s, label in ((trial.fault_s, "fault"), (trial.undone_s, "undo")):
        if at_s <= _last_s(trial):
            axes.text(at_s - trial.fault_s, 1.04, label, transform=above, fontsize=8, color=MARK, ha="center")
        else:
            later = f"{label} at {at_s - trial.fault_s:.1f} s →"
            axes.text(1.0, 1.04, later, transform=axes.transAxes, fontsize=8, color=MARK, ha="right")


def _error_bars(axes: Axes, at: Sequence[float], lane: float, error_s: float) -> None:
    axes.errorbar(
        at, [lane] * len(at), xerr=error_s, fmt="none", ecolor=MARK, capsize=4, label="± error of the node's clock"
    )


def _lanes(axes: Axes, names: Sequence[str], label: str) -> None:
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_ylabel(label)


def _ticks(axes: Axes, at: Sequence[float], lane: float, mark: tuple[str, str, str]) -> None:
    """A mark (marker, colour, label) on a lane at each of these moments."""
    marker, colour, label = mark
    if at:
        axes.plot(at, [lane] * len(at), marker, color=colour, markersize=8 if marker == "|" else 4.5, label=label)


def _dots(axes: Axes, trial: Trial, samples: Sequence[Sample], mark: tuple[str, str, str]) -> None:
    marker, colour, label = mark
    x = [s.sent_s - trial.fault_s for s in samples]
    y = [(s.done_s - s.sent_s) * 1e3 for s in samples]
    axes.plot(x, y, marker, color=colour, label=label, markersize=3.5)


def _legend(figure: Figure, axes: Sequence[Axes]) -> None:
    """One legend below all, each name once; the parts have their own."""
    held, wire, layers, _, speed = axes
    found: dict[str, Artist] = {}
    for each in (held, wire, layers, speed):
        handles, labels = each.get_legend_handles_labels()
        found |= dict(zip(labels, handles, strict=True))
    figure.legend(list(found.values()), list(found), loc="outside lower center", ncols=5, frameon=False)


def _colours(trial: Trial) -> dict[str, str]:
    """A colour for each node, and for each other entry that answered."""
    answered = dict.fromkeys(sample.entry for sample in trial.recording.samples if sample.good)
    names = dict.fromkeys([*trial.nodes, *answered])
    return dict(zip(names, ENTRY_COLOURS, strict=False))
