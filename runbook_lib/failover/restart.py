"""Small disturbances of notebooks 07 and 08: keepalived restarted where nobody notices it, OpenResty stopped once."""

from __future__ import annotations

from dataclasses import dataclass

from runbook_lib.chapter.service import UNIT, service_state
from runbook_lib.checks import openresty_restarts
from runbook_lib.checks.verdict import Check, Verdict
from runbook_lib.failover.catalogue import fault_named
from runbook_lib.failover.faults import why_not
from runbook_lib.failover.trial_record import Skipped
from runbook_lib.hosts import Host, OpenSite
from runbook_lib.journal import Noted


@dataclass(frozen=True)
class Stopped:
    """A process that was stopped on purpose."""

    node: str
    unit: str
    command: str
    """How."""
    pid: int
    """Its main process before."""

    def __str__(self) -> str:
        return f"{self.node}: {self.command} (PID {self.pid} of {self.unit})"


def restart_backup(site: OpenSite) -> Stopped | Skipped:
    """Restart the BACKUP's keepalived: the MASTER never hears of it (chapter step 12). Not a change.

    One job of systemd's: it is finished on the node also when we die meanwhile.
    """
    return _stop(site, site.backup, UNIT, f"systemctl restart {UNIT}")


def stop_openresty_once(site: OpenSite) -> Stopped | Skipped:
    """Tell the MASTER's OpenResty to stop, as the chapter does before figure 4.26: its unit starts it again."""
    command = fault_named("stop-openresty").commands(site.model).apply
    return _stop(site, site.master, site.model.openresty.unit, command)


def _stop(site: OpenSite, host: Host, unit: str, command: str) -> Stopped | Skipped:
    if reason := why_not(site, fault_named("stop-openresty")):
        return reason
    stopped = Stopped(host.name, unit, command, service_state(host, unit).main_pid)
    site.journal.write(Noted("stopped on purpose", {"node": host.name, "unit": unit, "command": command}))
    host.run(command.replace("%", "%%")).check()
    return stopped


def openresty_came_back(site: OpenSite, stopped: Stopped | Skipped) -> Check:
    """Check `openresty.restarts`, of the process that was stopped (figure 4.26)."""
    made = openresty_restarts(site, None if isinstance(stopped, Skipped) else stopped.pid)
    if isinstance(stopped, Skipped):
        reason = stopped.reason
        return Check(made.id, made.claim, made.notebook, lambda: Verdict.skipped(reason))
    return made
