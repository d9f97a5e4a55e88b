"""Inject a fault and be sure that it ends: the undo is recorded first, runs on every exit, is confirmed, expires."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from runbook_lib import lab
from runbook_lib.errors import HostError, UnreachableError
from runbook_lib.failover import node_record
from runbook_lib.failover.catalogue import Fault, NodeCommands
from runbook_lib.failover.trial_record import Skipped
from runbook_lib.hosts import Host, OpenSite
from runbook_lib.journal import FaultApplied, FaultRecorded, FaultUndone

EXPIRES_S = 120.0
"""Longer than any trial waits, shorter than anybody would look for the reason."""
CONFIRM_WITHIN_S = 40.0
POWERED_OFF_WITHIN_S = 100.0
"""A shutdown waits up to 90 s for a unit that won't end (DefaultTimeoutStopSec)."""
POLL_S = 0.1


@dataclass
class Injection:
    """A fault on its way: `apply` it once, when its moment has come."""

    site: OpenSite
    fault: Fault
    fault_id: str
    commands: NodeCommands
    host: Host
    at_unix_s: float | None = field(default=None, init=False)
    """When it was applied, by the clock of the machine that it hits; None before."""

    def apply(self) -> float:
        """Apply the fault; its moment in seconds since 1970, by the machine's own clock. Raises HostError."""
        self.at_unix_s = _cut_power(self) if self.fault.power == "cut" else _apply_on_node(self)
        moment = datetime.fromtimestamp(self.at_unix_s, UTC).isoformat(timespec="microseconds")
        self.site.journal.write(FaultApplied(fault_id=self.fault_id, at=moment))
        return self.at_unix_s


def why_not(site: OpenSite, fault: Fault) -> Skipped | None:
    """Why this site doesn't allow the fault, or can't undo it; None: it may come."""
    if skipped := not_agreed(site, "faults"):
        return skipped
    if fault.power and site.model.substrate != "lab":
        return Skipped(f"{fault.name} needs a power switch to bring the machine back, and substrate ssh has none")
    return None


def not_agreed(site: OpenSite, disruption: Literal["faults", "demonstrations"]) -> Skipped | None:
    """Why the site doesn't agree to so much; None: it does."""
    if site.model.allows(disruption):
        return None
    what = disruption.removesuffix("s")
    return Skipped(f"a {what} needs disruption: {disruption}, the site allows {site.model.effective_disruption}")


@contextmanager
def injected(
    site: OpenSite, fault: Fault, fault_id: str, host: Host, *, expires_s: float = EXPIRES_S
) -> Iterator[Injection]:
    """Record the undo, hand out the fault to be applied to `host`, undo it on every exit, confirm that by a probe.

    Raises HostError when it can't be recorded (then nothing was applied) or when its undo can't be confirmed.
    """
    injection = _record(site, fault, fault_id, host, expires_s)
    try:
        yield injection
    finally:
        _undo(injection)


def undo_recorded_faults(site: OpenSite) -> tuple[str, ...]:
    """Undo what a run that was killed left behind: machines of the lab without power or cable, faults on the nodes.

    The names of what was undone, for the reader. Raises HostError or LabError when something can't be undone.
    """
    undone = []
    if site.model.substrate == "lab":
        undone += _restore_machines(site)
    for host in site.nodes:
        for fault_id in node_record.recorded_faults(host):
            node_record.run_undo(host, fault_id)
            gone = fault_id not in node_record.recorded_faults(host)
            site.journal.write(FaultUndone(fault_id=fault_id, confirmed=gone))
            undone.append(f"{host.name}: {fault_id} undone")
    return tuple(undone)


def _record(site: OpenSite, fault: Fault, fault_id: str, host: Host, expires_s: float) -> Injection:
    commands = fault.commands(site.model)
    site.journal.write(
        FaultRecorded(fault_id=fault_id, fault=fault.name, host=host.name, undo=commands.undo, expires_s=expires_s)
    )
    if fault.power == "shutdown":
        # The machine's own timer would go with it: the lab's supervisor holds the expiry.
        _lab(site).power_on_later(host.name, expires_s)
    elif not fault.power:
        node_record.record_undo(host, fault_id, commands.undo, expires_s)
    return Injection(site, fault, fault_id, commands, host)


def _apply_on_node(injection: Injection) -> float:
    """Run the fault's command on the node, as long as its undo is recorded there; the node's clock just before it."""
    recorded = "" if injection.fault.power else f"test -e {node_record.FOLDER}/{injection.fault_id}; "
    try:
        applied = injection.host.run(
            "sh -c %s", f"set -e; {recorded}date +%s.%N; {{ {injection.commands.apply}; }} >&2"
        )
    except UnreachableError:
        if injection.fault.power != "shutdown":
            raise
        return time.time()  # it went down faster than its answer came; in the lab all clocks are one
    if not injection.fault.power:
        applied.check()
    return float(applied.stdout.split()[0])


def _cut_power(injection: Injection) -> float:
    at_unix_s = time.time()  # in the lab all clocks are one
    _lab(injection.site).power_off(injection.host.name, expires_s=EXPIRES_S)
    return at_unix_s


def _undo(injection: Injection) -> None:
    site, host, fault = injection.site, injection.host, injection.fault
    confirmed = False
    try:
        if fault.power:
            if injection.at_unix_s is not None:
                _wait_for_off(site, host.name)
            _lab(site).power_on(host.name)
            _lab(site).wait_ssh(host.name, within_s=CONFIRM_WITHIN_S)
        else:
            node_record.run_undo(host, injection.fault_id)
        confirmed = _confirm(host, injection.commands.confirm)
    finally:
        site.journal.write(FaultUndone(fault_id=injection.fault_id, confirmed=confirmed))
    if not confirmed:
        raise HostError(
            f"{host.name}: the undo of {fault.name} ran, but is not confirmed within {CONFIRM_WITHIN_S:.0f} s.",
            f"This must succeed there: {injection.commands.confirm}",
        )


def _confirm(host: Host, command: str) -> bool:
    """Whether nothing of the fault is left, asked until it is so or the time is up."""
    deadline = time.monotonic() + CONFIRM_WITHIN_S
    while True:
        try:
            if host.run("sh -c %s", command).exit_status == 0:
                return True
        except HostError:
            pass  # it is still starting
        if time.monotonic() >= deadline:
            return False
        time.sleep(POLL_S)


def _wait_for_off(site: OpenSite, machine: str) -> None:
    """A shutdown takes its time: power on before its end would be lost."""
    deadline = time.monotonic() + POWERED_OFF_WITHIN_S
    while _lab(site).status().machines[machine].state != "off":
        if time.monotonic() >= deadline:
            raise HostError(
                f"{machine} is still shutting down after {POWERED_OFF_WITHIN_S:.0f} s.",
                f"See what it waits for: runbook lab logs {machine} --name {site.model.lab.name}",
            )
        time.sleep(POLL_S)


def _restore_machines(site: OpenSite) -> list[str]:
    """Plug in and power on the lab's machines that need it, and wait for their SSH; what was done."""
    machines = _lab(site).status().machines
    out = [name for name, machine in machines.items() if not machine.plugged]
    off = [name for name, machine in machines.items() if machine.state == "off"]
    for name in out:
        _lab(site).plug(name)
    for name in off:
        _lab(site).power_on(name)
    for name in off:
        _lab(site).wait_ssh(name)
    return [*(f"{name}: plugged in" for name in out), *(f"{name}: powered on" for name in off)]


def _lab(site: OpenSite) -> lab.Lab:
    return lab.find(site.model.lab.name)
