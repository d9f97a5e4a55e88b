"""`runbook trial`: one fault, so many times, and a folder with the table, the raw data and the chart."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from runbook_lib import signals
from runbook_lib.evidence import Outcome, create_bundle, create_bundle_at, require_empty, worst
from runbook_lib.failover.charts.series_chart import draw_series
from runbook_lib.failover.charts.trial_chart import draw_trial
from runbook_lib.failover.faults.catalogue import Fault, fault_named
from runbook_lib.failover.faults.inject import why_not
from runbook_lib.failover.trials.comparison import Summary, summary_of
from runbook_lib.failover.trials.pace import Pace
from runbook_lib.failover.trials.series import Series, TrialTable, run_series
from runbook_lib.failover.trials.trial import nobody_measures, steady_before
from runbook_lib.failover.trials.trial_record import Trial
from runbook_lib.failover.trials.waiting import steady_within_s
from runbook_lib.journal import Journal
from runbook_lib.notebook.fault import refusal
from runbook_lib.notebook.one_run import only_run, this_process
from runbook_lib.notebook.open_site import open_model
from runbook_lib.notebook.preparation import Prepared, prepare
from runbook_lib.notebook.progress import Progress
from runbook_lib.notebook.repository import OUTPUTS, repository_top
from runbook_lib.notebook.run import recover
from runbook_lib.notebook.selection import Selection
from runbook_lib.notebook.verify import require

TABLE = "trials.csv"


@dataclass(frozen=True)
class TrialRequest:
    """The command line of `runbook trial`."""

    fault: str
    trials: int
    file: Path
    overrides: tuple[str, ...] = ()
    seed: int | None = None
    out: Path | None = None


def trial(request: TrialRequest) -> int:
    """Do what the command line asks for; the exit status. Raises RunbookError when it can't begin or go on."""
    fault, top = fault_named(request.fault), repository_top()
    if request.out:
        require_empty(request.out)
    prepared = prepare(request.file, request.overrides, Selection(), top)
    site = open_model(prepared.model, Journal(None), top)
    if skipped := why_not(site, fault) or nobody_measures(site.model):
        raise refusal(fault, skipped)
    with only_run(prepared.model, this_process()):
        progress = Progress()
        with progress.doing(f"{fault.name}: looking at every machine"):
            recover(site, progress)
        within_s = steady_within_s(site)
        with progress.doing(f"{fault.name}: until the site is in steady state, up to {within_s:.0f} s"):
            require(site, steady_before(site), within_s)  # before a folder is made for the trials
        return _run(request, fault, prepared, progress)


def _run(request: TrialRequest, fault: Fault, prepared: Prepared, progress: Progress) -> int:
    text = prepared.as_yaml
    bundle = create_bundle_at(request.out, text) if request.out else create_bundle(repository_top() / OUTPUTS, text)
    site = open_model(prepared.model, Journal(bundle.journal, context={"run_id": bundle.run_id}), bundle.path)
    seed = secrets.randbits(32) if request.seed is None else request.seed
    many = "1 trial" if request.trials == 1 else f"{request.trials} trials"
    progress.say(f"{many} of {fault.name}, seed {seed}")
    table, pace, done = TrialTable(bundle.path / TABLE), Pace(request.trials), list[Trial]()
    try:
        with progress.doing(fault.name):
            for each in run_series(site, fault, request.trials, seed, table):
                done.append(each)
                pace.one_more()
                progress.say(f"{pace}: {table.rows[-1].verdict}, {each}")
    except KeyboardInterrupt as ended:
        how = " ".join(getattr(ended, "__notes__", ["Undone."]))
        progress.say(f"Interrupted. {how} {len(done)} of {many} are in {bundle.path}")
        raise
    figures = bundle.path / "figures"
    with progress.doing("drawing the charts"):  # not between the trials: it takes the processor
        for each in done:
            draw_trial(each, figures)
        series = Series(fault.name, tuple(done))
        drawn = draw_series(series, figures)
    with signals.unheard():  # nothing is left to be interrupted
        print(drawn, *figures_of(summary_of(series)), bundle.path, sep="\n")
    return worst(Outcome(row.verdict) for row in table.rows).exit_status


def figures_of(row: Summary) -> Iterator[str]:
    """What was measured, and how far the exact prediction was off, a line each. Pure."""
    if row.measured:
        yield f"measured {row.measured}, {row.median} in the median"
    if row.exact_off:
        yield f"exact prediction off by {row.exact_off} (median, 95th percentile)"
