"""`runbook fault`: the catalogue, one fault injected and left on, and the undo of whatever is on."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from runbook_lib import failover, signals
from runbook_lib.chapter.service import UNIT, service_state
from runbook_lib.checks.verdict import Skipped
from runbook_lib.errors import FaultError, HostError
from runbook_lib.hosts import OpenSite
from runbook_lib.journal import Journal
from runbook_lib.notebook.fault_tables import FaultRow, render_faults, render_faults_json
from runbook_lib.notebook.one_run import only_run, this_process
from runbook_lib.notebook.open_site import open_model
from runbook_lib.notebook.preparation import prepare
from runbook_lib.notebook.progress import Progress
from runbook_lib.notebook.repository import OUTPUTS, repository_top
from runbook_lib.notebook.selection import Selection
from runbook_lib.site import Site


def list_faults(file: Path, overrides: Sequence[str], *, as_json: bool) -> int:
    """Print the catalogue with this site's predictions; asks no machine. Raises ParameterError."""
    model = _model(file, overrides)
    rows = fault_rows(model)
    print(render_faults_json(rows) if as_json else render_faults(rows))
    if not (as_json or model.allows("faults")):
        print("None of them may come until the site says disruption: faults.")
    return 0


def fault_rows(model: Site) -> tuple[FaultRow, ...]:
    """A row for each fault of the catalogue. Pure."""
    pair = failover.Pair.of(model)
    return tuple(
        FaultRow(fault, failover.predict_outage(pair, fault.name), failover.not_undoable(model, fault))
        for fault in failover.FAULTS.values()
    )


def inject(file: Path, overrides: Sequence[str], name: str, expires_s: float) -> int:
    """Inject a fault, print how and when it ends. Raises ParameterError, FaultError, HostError or LabError."""
    fault = failover.fault_named(name)
    model = _model(file, overrides)
    site = _opened(model)
    if skipped := failover.why_not(site, fault):
        raise refusal(fault, skipped)
    with only_run(model, this_process()), Progress().doing(f"{fault.name}: until its effect is seen"):
        injection = failover.inject(site, fault, expires_s)
    print(f"{fault.name} on {_names(injection)}: {fault.what}. Its effect was seen.")
    print(_ending(injection))
    print(f"Not simulated: {fault.not_simulated}")
    return 0


def recover(file: Path, overrides: Sequence[str]) -> int:
    """Undo whatever is on, wait for steady state, and print what was undone.

    Raises ParameterError, BusyError, HostError or LabError.
    """
    model = _model(file, overrides)
    site = _opened(model)
    with only_run(model, this_process()), Progress().doing("undoing what is on, until the site says so"):
        with signals.held():  # an undo that has begun comes to its end
            undone = failover.undo_recorded_faults(site)
        unsteady = _settle(site) if undone else ""
    print("\n".join(undone) or "nothing to undo")
    if unsteady:
        print(f"runbook: undone, but: {unsteady}", file=sys.stderr)
    return 0


def _settle(site: OpenSite) -> str:
    """Wait for the pair's steady state, where keepalived runs: the next fault must meet it. Why it doesn't come."""
    if all(service_state(host, UNIT).active != "active" for host in site.nodes):
        return ""
    try:
        failover.wait_for_nodes(site)
    except HostError as error:
        return str(error)
    return ""


def refusal(fault: failover.Fault, why: Skipped) -> FaultError:
    """Why the site's parameters don't let a fault come, and what to do. Pure."""
    return FaultError(
        f"{fault.name} is refused: {why.reason}.",
        "Say otherwise in the parameter file, or by -p; what this site can undo: runbook fault list -f FILE",
    )


def _ending(injection: failover.Injection) -> str:
    fault = injection.fault
    if fault.passes:
        return "It has passed: nothing of it is left."
    whose = "by the lab's supervisor" if fault.by_lab else f"by {_names(injection)} alone, or at the boot after that"
    ends = f"{datetime.now(UTC) + timedelta(seconds=injection.expires_s):%H:%M:%S} UTC"
    return f"It is undone by {ends}, {whose}. To undo it now: runbook fault recover -f FILE"


def _names(injection: failover.Injection) -> str:
    return " and ".join(host.name for host in injection.hosts)


def _model(file: Path, overrides: Sequence[str]) -> Site:
    return prepare(file, overrides, Selection(), repository_top()).model


def _opened(model: Site) -> OpenSite:
    return open_model(model, Journal(None), repository_top() / OUTPUTS)
