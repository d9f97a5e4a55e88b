"""`runbook run`: parameters, recovery, notebooks, bundle."""

from __future__ import annotations

import sys
import textwrap
import traceback
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from runbook_lib import failover, signals
from runbook_lib.chapter.provenance import note_provenance
from runbook_lib.errors import RunbookError
from runbook_lib.evidence import (
    Bundle,
    Frame,
    Outcome,
    checks_judged,
    create_bundle,
    render_result,
    warnings_given,
    worst,
)
from runbook_lib.evidence.surroundings import commit, controller, operator
from runbook_lib.hosts import OpenSite
from runbook_lib.journal import Journal
from runbook_lib.notebook.execution import load_papermill
from runbook_lib.notebook.kernel_queue import KernelQueue
from runbook_lib.notebook.one_run import only_run, this_process
from runbook_lib.notebook.open_site import open_model
from runbook_lib.notebook.plan import plan
from runbook_lib.notebook.preparation import Prepared, prepare
from runbook_lib.notebook.progress import Progress
from runbook_lib.notebook.reach import require_all
from runbook_lib.notebook.repository import OUTPUTS, repository_top
from runbook_lib.notebook.runner import NotebookRun, Runner, journal_of
from runbook_lib.notebook.selection import Selection
from runbook_lib.notebook.tables import render_steps, render_warnings

OUTAGE = "failover.outage-in-band"
"""What a run of 09 was for: said at its end, too."""


@dataclass(frozen=True)
class Request:
    """The command line of `runbook run`."""

    file: Path
    overrides: tuple[str, ...] = ()
    selection: Selection = field(default_factory=Selection)
    out: Path | None = None
    reason: str = ""
    plan_only: bool = False


@dataclass
class Attempt:
    """What a run has come to so far: written to its bundle whatever happens."""

    done: list[NotebookRun] = field(default_factory=list)
    error: str = ""
    """Why it could not go on, where no notebook says so."""
    interrupted: bool = False

    @property
    def outcome(self) -> Outcome:
        """Of the run; the gravest of what happened."""
        own = [Outcome.ERROR] * bool(self.error) + [Outcome.INTERRUPTED] * self.interrupted
        return worst([*(executed.result.verdict for executed in self.done), *own])


def run(request: Request) -> int:
    """Do what the command line asks for; the exit status. Raises RunbookError when not even a bundle could be begun."""
    top = repository_top()
    prepared = prepare(request.file, request.overrides, request.selection, top)
    if request.plan_only:
        return plan(prepared, top / OUTPUTS)
    open_model(prepared.model, Journal(None), top)  # a lab that is down, a secret that is missing: no bundle for these
    with only_run(prepared.model, this_process()), signals.unheard():  # every end closes the bundle
        return _run(request, prepared, top)


def _run(request: Request, prepared: Prepared, top: Path) -> int:
    bundle = create_bundle(request.out or top / OUTPUTS, prepared.as_yaml)
    attempt = Attempt()
    try:
        with signals.heard():
            _attempt(prepared, bundle, attempt)
    except KeyboardInterrupt:
        attempt.interrupted = True
    except RunbookError as error:
        attempt.error = str(error)
    except Exception as error:  # noqa: BLE001 - a defect of ours: the bundle is closed all the same, and says so
        traceback.print_exc()
        attempt.error = f"A defect of runbook itself: {type(error).__name__}: {error}"
    try:
        _close(bundle, prepared, attempt, request.reason, top)
    finally:
        _report(bundle, prepared, attempt)
    return attempt.outcome.exit_status


def _attempt(prepared: Prepared, bundle: Bundle, attempt: Attempt) -> None:
    progress = Progress()
    site = open_model(prepared.model, _journal(bundle), bundle.path)
    with KernelQueue(bundle, prepared.notebooks) as kernels:
        with progress.doing("looking at every machine"):
            recover(site, progress)
            load_papermill()
        runner = Runner(bundle, prepared.parameters_of, progress)
        runner.run(prepared.notebooks, kernels, attempt.done)


def recover(site: OpenSite, progress: Progress) -> None:
    """Undo what a killed run left, and note which keepalived is there. Raises HostError or LabError."""
    if site.model.substrate == "ssh":  # the lab's machines may be off: then powering them on is the recovery
        require_all(site)
    with signals.held():  # an undo that has begun comes to its end
        undone = failover.undo_recorded_faults(site)
    for each in undone:
        progress.say(f"recovered: {each}")
    require_all(site)
    for host in site.hosts.values():
        for command in host.end_leftovers():
            progress.say(f"recovered: ended on {host.name}, left by an earlier run: {textwrap.shorten(command, 100)}")
    note_provenance(site)
    for host in site.hosts.values():
        host.close()


def _journal(bundle: Bundle) -> Journal:
    return Journal(bundle.journal, context={"run_id": bundle.run_id, "notebook": ""})


def _close(bundle: Bundle, prepared: Prepared, attempt: Attempt, reason: str, top: Path) -> None:
    frame = Frame(
        run_id=bundle.run_id,
        started=bundle.started,
        finished=datetime.now(UTC),
        operator=operator(),
        controller=controller(),
        commit=commit(top),
        parameters_sha256=bundle.parameters_sha256,
        substrate=prepared.model.substrate,
        reason=reason,
    )
    results = [executed.result for executed in attempt.done]
    bundle.write("result.json", render_result(frame, results, journal_of(bundle), attempt.outcome, attempt.error))


def _report(bundle: Bundle, prepared: Prepared, attempt: Attempt) -> None:
    names = [notebook.name for notebook in prepared.notebooks]
    print(render_steps([(e.result, e.changes) for e in attempt.done], names[len(attempt.done) :]))
    for check in checks_judged(journal_of(bundle)):
        if check["id"] == OUTAGE and check["verdict"] != Outcome.SKIPPED:
            print(f"{check['id']}: {check['observed']}")
    if warnings := render_warnings(warnings_given(journal_of(bundle))):
        print(warnings)
    sys.stdout.flush()
    why = attempt.error or next((f"{e.result.name}: {e.why}" for e in attempt.done if e.why), "")
    if why or attempt.interrupted:
        print(f"runbook: {why or 'interrupted.'}", file=sys.stderr, flush=True)
    print(bundle.path, flush=True)
