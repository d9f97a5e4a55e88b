"""The faults that a trial can inject: what each does to the MASTER's machine, as data. Pure."""

from __future__ import annotations

import difflib
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from runbook_lib.chapter.openresty import launcher
from runbook_lib.chapter.service import UNIT as KEEPALIVED
from runbook_lib.errors import ParameterError
from runbook_lib.site import Site


@dataclass(frozen=True)
class NodeCommands:
    """Shell commands for the MASTER, run as root."""

    apply: str
    undo: str
    """Run by `sh -e`; safe to run again, also where the fault has passed by itself."""
    confirm: str
    """A probe: ends with 0 once nothing of the fault is left."""


@dataclass(frozen=True)
class Fault:
    """One fault of the catalogue."""

    name: str
    what: str
    """What happens, one clause: it stands on the chart."""
    commands: Callable[[Site], NodeCommands]
    power: Literal["", "shutdown", "cut"] = ""
    """How it takes the machine itself away, so that only a power switch brings it back."""


def _stop_openresty(site: Site) -> NodeCommands:
    unit = shlex.quote(site.openresty.unit)
    return NodeCommands(
        apply=f"{shlex.quote(launcher(site))} -s stop",
        undo=f"systemctl start {unit}",
        confirm=f"systemctl is-active --quiet {unit}",
    )


def _openresty_cannot_start(site: Site) -> NodeCommands:
    unit, binary = shlex.quote(site.openresty.unit), shlex.quote(launcher(site))
    # The launcher is what the unit and the chapter's script start; of OpenResty's own, a link, chmod changes what it
    # leads to. What the chapter's script started lives in keepalived's
    # control group: systemctl doesn't reach it, and the unit then finds the port in use, also when the script was
    # quicker than the undo. With a long interval the script has killed keepalived, too.
    stray = "pkill -KILL -x openresty || true"
    again, keepalived = f"{{ {stray}; systemctl restart {unit}; }}", f"systemctl start {KEEPALIVED}"
    return NodeCommands(
        apply=f"chmod a-x {binary}; systemctl kill --signal=KILL {unit}; {stray}",
        undo=f"systemctl stop {unit}; {stray}; chmod a+x {binary}; systemctl start {unit} || {again}; {keepalived}",
        confirm=f"test -x {binary} && systemctl is-active --quiet {unit} {KEEPALIVED}",
    )


def _stop_keepalived(site: Site) -> NodeCommands:
    return NodeCommands(
        apply=f"systemctl stop {KEEPALIVED}",
        undo=f"systemctl start {KEEPALIVED}",
        confirm=f"systemctl is-active --quiet {KEEPALIVED}",
    )


def _machine_gone(site: Site) -> NodeCommands:
    unit = shlex.quote(site.openresty.unit)
    return NodeCommands(
        apply="systemctl poweroff",
        undo="the power switch",
        confirm=f"systemctl is-active --quiet {unit} {KEEPALIVED}",
    )


FAULTS: Mapping[str, Fault] = {
    fault.name: fault
    for fault in (
        Fault("stop-openresty", "OpenResty is told to stop", _stop_openresty),
        Fault("openresty-cannot-start", "OpenResty dies and can't start again", _openresty_cannot_start),
        Fault("stop-keepalived", "keepalived is stopped", _stop_keepalived),
        Fault("shutdown-master", "the MASTER is shut down", _machine_gone, "shutdown"),
        Fault("power-off-master", "the MASTER loses its power", _machine_gone, "cut"),
    )
}


DEFAULT_FAULT = "shutdown-master"
"""The chapter's own test."""


def fault_named(name: str) -> Fault:
    """The fault of this name. Raises ParameterError naming the nearest one that exists."""
    if fault := FAULTS.get(name):
        return fault
    near = difflib.get_close_matches(name, FAULTS, n=1, cutoff=0.5)
    todo = f"Did you mean {near[0]!r}?" if near else f"Known here: {', '.join(FAULTS)}."
    raise ParameterError(f"fault = {name!r} is no fault.", todo)
