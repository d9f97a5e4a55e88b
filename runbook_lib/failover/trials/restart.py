"""Small disturbances of notebooks 07 and 08: keepalived restarted where nobody notices it, OpenResty stopped once."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass

from runbook_lib.chapter.service import UNIT, service_state
from runbook_lib.chapter.status import NodeStatus, keepalived_status
from runbook_lib.checks import openresty_restarts
from runbook_lib.checks.verdict import Check, Skipped, Verdict
from runbook_lib.failover.faults.catalogue import fault_named
from runbook_lib.failover.faults.inject import injected, not_agreed
from runbook_lib.hosts import Host, OpenSite
from runbook_lib.journal import Noted

BACK_WITHIN_S = 15.0
LOOK_EVERY_S = 0.1


@dataclass(frozen=True)
class Stopped:
    """A process that was stopped on purpose."""

    node: str
    unit: str
    command: str
    """How."""
    pid: int
    """Its main process before."""
    by_itself: bool
    """Another one ran in its place before anybody helped."""

    def __str__(self) -> str:
        return f"{self.node}: {self.command} (PID {self.pid} of {self.unit})"


def restart_backup(site: OpenSite) -> Stopped | Skipped:
    """Restart the BACKUP's keepalived: the MASTER never hears of it (chapter step 12). Not a change.

    One job of systemd's: it is finished on the node also when we die meanwhile.
    """
    if skipped := not_agreed(site, "faults"):
        return skipped
    before = service_state(site.backup).main_pid
    command = f"systemctl restart {UNIT}"
    site.journal.write(Noted("stopped on purpose", {"node": site.backup.name, "unit": UNIT, "command": command}))
    site.backup.run(command).check()
    return Stopped(site.backup.name, UNIT, command, before, by_itself=_another_runs(site.backup, UNIT, before))


def stop_openresty_once(site: OpenSite) -> Stopped | Skipped:
    """Tell the MASTER's OpenResty to stop, as the chapter does before figure 4.26: its unit starts it again.

    A fault like any other: where it does not come back, it is started by the fault's undo.
    """
    if skipped := not_agreed(site, "faults"):
        return skipped
    fault, host, unit = fault_named("stop-openresty"), site.master, site.model.openresty.unit
    before = service_state(host, unit).main_pid
    with injected(site, fault, f"{fault.name}-{secrets.token_hex(4)}", host) as injection:
        injection.apply()
        by_itself = _another_runs(host, unit, before)
    return Stopped(host.name, unit, injection.commands.apply, before, by_itself)


def _another_runs(host: Host, unit: str, pid: int) -> bool:
    """Whether the unit has another main process, as soon as it has."""
    deadline = time.monotonic() + BACK_WITHIN_S
    while time.monotonic() < deadline:
        state = service_state(host, unit)
        if state.active == "active" and state.main_pid not in (0, pid):
            return True
        time.sleep(LOOK_EVERY_S)
    return False


def openresty_came_back(site: OpenSite, stopped: Stopped | Skipped) -> Check:
    """Check `openresty.restarts`, of the process that was stopped (figure 4.26)."""
    made = openresty_restarts(site, None if isinstance(stopped, Skipped) else stopped.pid)

    def observe() -> Verdict:
        if isinstance(stopped, Skipped):
            return Verdict.skipped(stopped.reason)
        if not stopped.by_itself:
            observed = f"not within {BACK_WITHIN_S:.0f} s; its fault's undo started it"
            return Verdict.failed(observed, f"journalctl -u {stopped.unit} -n 50: what did systemd do?")
        return made.observe()

    return Check(made.id, made.claim, made.notebook, observe)


def keepalived_came_back(site: OpenSite, stopped: Stopped | Skipped) -> Check:
    """Check `service.restarted`: the BACKUP's keepalived is another process, and BACKUP again."""

    def observe() -> Verdict:
        if isinstance(stopped, Skipped):
            return Verdict.skipped(stopped.reason)
        return judge_restarted(next(s for s in keepalived_status(site) if s.node == stopped.node), stopped.pid)

    claim = "keepalived on the BACKUP is another process than before, and BACKUP again."
    return Check("service.restarted", claim, "07", observe)


def judge_restarted(status: NodeStatus, pid: int) -> Verdict:
    """FAILED for the old process, for none, and for another VRRP state. Pure."""
    observed = f"{status.node}: {status.unit}, PID {status.main_pid} after {pid}, {status.vrrp or 'no VRRP state yet'}"
    if status.main_pid in (0, pid):
        return Verdict.failed(observed, f"It was not restarted: journalctl -u {UNIT} -n 50")
    if status.vrrp == "FAULT":
        return Verdict.failed(observed, "Its cable is out, or its check script fails (run it there by hand).")
    if status.vrrp != "BACKUP":
        return Verdict.failed(
            observed, "It waits for its script's first run; MASTER means that it hears no MASTER (04)."
        )
    return Verdict.passed(observed)
