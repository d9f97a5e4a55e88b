"""The faults that a trial can inject, as data: what each does, to whom, and what it does not simulate. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from runbook_lib.chapter.service import UNIT as KEEPALIVED
from runbook_lib.errors import ParameterError
from runbook_lib.failover.faults.network_faults import LOSS_PERCENT, block_vrrp, lose_vrrp
from runbook_lib.failover.faults.node_commands import NodeCommands, active
from runbook_lib.failover.faults.process_faults import (
    freeze_keepalived,
    freeze_openresty,
    kill_keepalived,
    kill_keepalived_parent,
    openresty_cannot_start,
    return_of_master,
    stop_keepalived,
    stop_nacos,
    stop_openresty,
)
from runbook_lib.site import Site


@dataclass(frozen=True)
class Fault:
    """One fault of the catalogue."""

    name: str
    """Its id."""
    title: str
    what: str
    """What happens, one clause: it stands on the chart."""
    not_simulated: str
    """What of the real world it leaves out, one sentence."""
    commands: Callable[[Site], NodeCommands]
    power: Literal["", "shutdown", "reboot", "cut"] = ""
    """How it takes the machine itself away."""
    cable: bool = False
    """It pulls the machine's cable."""
    hits: Literal["holder", "both", "nacos"] = "holder"
    """The node that holds the VIP, both nodes, or the machine that Nacos lives on."""
    passes: bool = False
    """It ends by itself."""
    back_within_s: float = 90.0
    """How long its undo may take to be confirmed: a machine's boot, a slow stop of what hangs."""

    @property
    def by_lab(self) -> bool:
        """The lab's supervisor does and undoes it, or stands by should the machine not come back."""
        return self.cable or self.power != ""


def _machine_gone(site: Site) -> NodeCommands:
    return NodeCommands(confirm=active(site.openresty.unit, KEEPALIVED), apply="systemctl poweroff")


def _machine_boots(site: Site) -> NodeCommands:
    boot_id = "cat /proc/sys/kernel/random/boot_id"
    return NodeCommands(
        apply="systemctl reboot",
        confirm=active(site.openresty.unit, KEEPALIVED),
        before=boot_id,
        confirm_effect=f'test "$({boot_id})" != "$was"',
    )


def _cable_out(site: Site) -> NodeCommands:
    carrier = f"grep -q 1 /sys/class/net/{site.interface}/carrier"
    return NodeCommands(confirm=f"{carrier} && {active(site.openresty.unit, KEEPALIVED)}")


_EVERY = (
    Fault(
        "stop-openresty", "OpenResty stops", "OpenResty is told to stop",
        "A crash under load, with requests on their way.",
        stop_openresty, passes=True,
    ),
    Fault(
        "openresty-cannot-start", "OpenResty can't start", "OpenResty dies and can't start again",
        "A wrong configuration: that stops a reload, not what runs already.",
        openresty_cannot_start,
    ),
    Fault(
        "freeze-openresty", "OpenResty hangs", "OpenResty is frozen: its port is open, nobody answers",
        "One worker that hangs while the others answer, or answers that are merely slow.",
        freeze_openresty,
    ),
    Fault(
        "stop-keepalived", "keepalived stops", "keepalived is stopped",
        "A keepalived that dies without a goodbye: see kill-keepalived.",
        stop_keepalived,
    ),
    Fault(
        "kill-keepalived-parent", "keepalived's parent is killed", "keepalived's parent process is killed",
        "A crash of the child, which does VRRP: the parent would start another one.",
        kill_keepalived_parent,
    ),
    Fault(
        "kill-keepalived", "keepalived is killed", "keepalived's parent and child are killed; the VIP stays",
        "A watchdog that starts it again: the unit has none, as in the chapter.",
        kill_keepalived,
    ),
    Fault(
        "freeze-keepalived", "keepalived hangs", "keepalived is frozen, the VIP stays, then it thaws",
        "A machine that stalls as a whole: here the frozen node's kernel and OpenResty go on answering.",
        freeze_keepalived,
    ),
    Fault(
        "shutdown-master", "The MASTER is shut down", "the MASTER is shut down",
        "A shutdown that ends the network before keepalived.",
        _machine_gone, "shutdown",
    ),
    Fault(
        "power-off-master", "The MASTER loses its power", "the MASTER loses its power",
        "Lost disk caches, and a switch that learns of the dead port late.",
        _machine_gone, "cut",
    ),
    Fault(
        "reboot-master", "The MASTER reboots", "the MASTER reboots",
        "The minutes of a real machine's firmware: a lab's machine is back in seconds.",
        _machine_boots, "reboot", passes=True,
    ),
    Fault(
        "unplug-master", "The MASTER loses its cable", "the MASTER's cable is pulled",
        "A failure inside the network, where the machine's own link stays up: see block-vrrp-one-side.",
        _cable_out, cable=True,
    ),
    Fault(
        "block-vrrp-one-side", "VRRP is blocked on one side", "the MASTER's firewall drops VRRP",
        "A broken switch: only VRRP is lost, and keepalived is told that its packets could not be sent.",
        block_vrrp,
    ),
    Fault(
        "block-vrrp-both", "VRRP is blocked on both sides", "both firewalls drop VRRP",
        "A segment that is split: the clients still reach both nodes.",
        block_vrrp, hits="both",
    ),
    Fault(
        "vrrp-loss", "VRRP is lossy", f"{LOSS_PERCENT} % of the VRRP packets are lost",
        "Loss in bursts, delay, and the loss of everything else.",
        lose_vrrp,
    ),
    Fault(
        "stop-nacos", "Nacos is gone", "every Nacos member is stopped",
        "Members that hang, and a cluster that loses its majority only.",
        stop_nacos, hits="nacos", back_within_s=300.0,  # three JVMs that start, where much else runs
    ),
    Fault(
        "return-of-master", "The MASTER returns", "the MASTER, away until now, comes back and takes the VIP",
        "The machine's boot: keepalived alone was away, and OpenResty is warm when the VIP arrives.",
        return_of_master, passes=True,
    ),
)  # fmt: skip

FAULTS: Mapping[str, Fault] = {fault.name: fault for fault in _EVERY}

DEFAULT_FAULT = "shutdown-master"
"""The chapter's own test."""


def fault_named(name: str) -> Fault:
    """The fault of this name. Raises ParameterError naming the nearest one that exists."""
    if fault := FAULTS.get(name):
        return fault
    near = difflib.get_close_matches(name, FAULTS, n=1, cutoff=0.5)
    todo = f"Did you mean {near[0]!r}?" if near else f"Known here: {', '.join(FAULTS)}."
    raise ParameterError(f"fault = {name!r} is no fault.", todo)
