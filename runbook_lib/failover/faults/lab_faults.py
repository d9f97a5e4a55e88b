"""Faults that the lab's supervisor does and undoes: power and cables. It holds their expiry, too.

A machine's own timer would go down with the machine, and no node can plug in its own cable.
"""

from __future__ import annotations

import time

from runbook_lib import lab
from runbook_lib.errors import HostError
from runbook_lib.failover.faults.catalogue import Fault
from runbook_lib.failover.faults.confirming import wait_until
from runbook_lib.hosts import OpenSite

ANSWERS_WITHIN_S = 90.0
"""SSH, after power on."""
POWERED_OFF_WITHIN_S = 100.0
"""A shutdown waits up to 90 s for a unit that won't end (DefaultTimeoutStopSec)."""


def stand_by(site: OpenSite, fault: Fault, machine: str, expires_s: float) -> None:
    """Have the expiry held before the fault comes; what cuts power or cable brings its own."""
    if fault.power in ("shutdown", "reboot"):
        the_lab(site).power_on_later(machine, expires_s)


def take_away(site: OpenSite, fault: Fault, machine: str, expires_s: float) -> float:
    """Cut the power or pull the cable; the moment. In the lab all clocks are one."""
    at_unix_s = time.time()
    if fault.cable:
        the_lab(site).unplug(machine, expires_s=expires_s)
    else:
        the_lab(site).power_off(machine, expires_s=expires_s)
    return at_unix_s


def is_gone(site: OpenSite, fault: Fault, machine: str) -> bool:
    """Whether the supervisor says that the machine has no power, or no cable."""
    now = the_lab(site).status().machines[machine]
    return not now.plugged if fault.cable else now.state == "off"


def bring_back(site: OpenSite, fault: Fault, machine: str, *, applied: bool) -> None:
    """Plug it in, or power it on and wait for its SSH. Raises HostError or LabError."""
    if fault.cable:
        the_lab(site).plug(machine)
        return
    if applied and fault.power == "shutdown":
        _wait_for_off(site, fault, machine)
    the_lab(site).power_on(machine)
    the_lab(site).wait_ssh(machine, within_s=ANSWERS_WITHIN_S)


def restore_machines(site: OpenSite) -> list[str]:
    """Plug in and power on the lab's machines that need it, and wait for their SSH; what was done."""
    running = the_lab(site)
    machines = running.status().machines
    out = [name for name, machine in machines.items() if not machine.plugged]
    off = [name for name, machine in machines.items() if machine.state == "off"]
    for name in out:
        running.plug(name)
    for name in off:
        running.power_on(name)
    for name in off:
        running.wait_ssh(name)
    return [*(f"{name}: plugged in" for name in out), *(f"{name}: powered on" for name in off)]


def machines_away(site: OpenSite) -> list[str]:
    """What a fault keeps from the pair's machines: `node129 has no power`, `node128 has no cable`."""
    machines = the_lab(site).status().machines
    pair = [(host.name, machines[host.name]) for host in site.nodes]
    off = [f"{name} has no power" for name in powered_off(site)]
    return off + [f"{name} has no cable" for name, machine in pair if not machine.plugged]


def powered_off(site: OpenSite) -> tuple[str, ...]:
    """The pair's machines that have no power: nobody can ask them."""
    machines = the_lab(site).status().machines
    return tuple(host.name for host in site.nodes if machines[host.name].state == "off")


def the_lab(site: OpenSite) -> lab.Lab:
    """The site's lab. Raises LabError when it is not running."""
    return lab.find(site.model.lab.name)


def _wait_for_off(site: OpenSite, fault: Fault, machine: str) -> None:
    """A shutdown takes its time: power on before its end would be lost."""
    if not wait_until(lambda: is_gone(site, fault, machine), POWERED_OFF_WITHIN_S):
        raise HostError(
            f"{machine} is still shutting down after {POWERED_OFF_WITHIN_S:.0f} s.",
            f"See what it waits for: runbook lab logs {machine} --name {site.model.lab.name}",
        )
