"""Faults of OpenResty, keepalived and Nacos: their processes are stopped, killed or frozen. Pure.

OpenResty that the chapter's script started lives in keepalived's control group: what is meant for keepalived is sent
to its own process and that one's children, never to the whole group.
"""

from __future__ import annotations

import shlex

from runbook_lib.chapter.nacos import READINESS
from runbook_lib.chapter.openresty import launcher
from runbook_lib.chapter.service import UNIT as KEEPALIVED
from runbook_lib.chapter.unit_processes import signal_processes
from runbook_lib.failover.faults.node_commands import (
    ACTIVE,
    END_OPENRESTY,
    GONE,
    START,
    NodeCommands,
    active,
    frozen,
    holds_vip,
    only_by_unit,
    partly_frozen,
    process_tree,
    started,
    thawed,
)
from runbook_lib.site import Machine, Site


def stop_openresty(site: Site) -> NodeCommands:
    """As the chapter does it: its unit starts it again."""
    unit = shlex.quote(site.openresty.unit)
    return NodeCommands(
        apply=f"{shlex.quote(launcher(site))} -s stop",
        undo=started(site.openresty.unit),
        confirm=active(site.openresty.unit),
        before=f"systemctl show -p MainPID {unit}",
        confirm_effect=f'test "$(systemctl show -p MainPID {unit} | tr -cd 0-9)" != "$was"',
    )


def openresty_cannot_start(site: Site) -> NodeCommands:
    """Killed, and its launcher not executable any more; the undo gives it the mode that it had."""
    unit, binary = shlex.quote(site.openresty.unit), shlex.quote(launcher(site))
    # The launcher is what the unit and the chapter's script start; of OpenResty's own, a link, chmod changes what it
    # leads to. With a long interval the script has killed keepalived, too.
    mode = f'chmod "${{was:-a+x}}" {binary}'
    effect = f"test -e {binary} && test ! -x {binary} && ! {active(site.openresty.unit)}"
    return NodeCommands(
        apply=f"chmod a-x {binary}; systemctl kill --signal=KILL {unit}; {END_OPENRESTY}",
        undo=f"{only_by_unit(site.openresty.unit, mode)}; {START}",
        confirm=f"test -x {binary} && {active(site.openresty.unit, KEEPALIVED)}",
        before=f"test -x {binary} && stat -Lc %a {binary}",
        refusal=f"has no executable {launcher(site)}",
        confirm_effect=effect,
        trace=effect,
    )


def freeze_openresty(site: Site) -> NodeCommands:
    """SIGSTOP to the master process and its workers: the port is open, nobody answers."""
    unit = shlex.quote(site.openresty.unit)
    return NodeCommands(
        apply=f"systemctl kill --signal=STOP {unit}",
        undo=_thaw(unit),
        confirm=thawed(site.openresty.unit),
        confirm_effect=frozen(site.openresty.unit),
        trace=partly_frozen(site.openresty.unit),
    )


def stop_keepalived(site: Site) -> NodeCommands:
    """SIGTERM: it says goodbye with priority 0, and takes the VIP off."""
    return NodeCommands(apply=f"systemctl stop {KEEPALIVED}", undo=START, confirm=ACTIVE, confirm_effect=f"! {ACTIVE}")


def kill_keepalived_parent(site: Site) -> NodeCommands:
    """SIGKILL to the parent: its child asked the kernel for a SIGTERM then (prctl(2), PR_SET_PDEATHSIG)."""
    tree = process_tree(KEEPALIVED)
    return NodeCommands(
        apply=f'{tree} && kill -KILL "$p"',
        undo=_start_clean(site),
        confirm=ACTIVE,
        before=f"{tree} && echo $t",
        refusal=f"has no running {KEEPALIVED}",
        confirm_effect=GONE,
    )


def kill_keepalived(site: Site) -> NodeCommands:
    """SIGKILL to parent and child: nobody takes the VIP off."""
    tree = process_tree(KEEPALIVED)
    return NodeCommands(
        # Stopped first: the child must not get to the SIGTERM that the parent's death sends it. A script may end.
        apply=f"{tree} && {{ kill -STOP $t || true; kill -KILL $t || true; }}",
        undo=_start_clean(site),
        confirm=ACTIVE,
        before=f"{tree} && echo $t",
        refusal=f"has no running {KEEPALIVED}",
        confirm_effect=f"{GONE}; {holds_vip(site)}",
        # Who stops keepalived, or runs it by hand, leaves another result.
        trace=f"! {ACTIVE} && systemctl show -p Result {KEEPALIVED} | grep -qx Result=signal && {holds_vip(site)}",
    )


def freeze_keepalived(site: Site) -> NodeCommands:
    """SIGSTOP to parent and child: silence, and the VIP stays."""
    return NodeCommands(
        apply=f"{process_tree(KEEPALIVED)} && {{ kill -STOP $t || true; }}",
        undo=_thaw(KEEPALIVED),
        confirm=thawed(KEEPALIVED),
        confirm_effect=frozen(KEEPALIVED),
        trace=partly_frozen(KEEPALIVED),
    )


def return_of_master(site: Site) -> NodeCommands:
    """keepalived is stopped beforehand; the fault is its start, whereupon it preempts."""
    back = f"{ACTIVE} && {holds_vip(site)}" if site.vrrp.preempt else ACTIVE
    return NodeCommands(
        prepare=f"systemctl stop {KEEPALIVED}", apply=START, undo=START, confirm=ACTIVE, confirm_effect=back
    )


def stop_nacos(site: Site) -> NodeCommands:
    """Every member of the lab's cluster, whose units are named after their ports."""
    machine = nacos_machine(site)
    members = [member.rpartition(":") for member in site.nacos.members]
    units = [f"nacos@{port}.service" for address, _, port in members if machine and address == machine.address]
    ready = (f"curl -sf -m 2 -o /dev/null {shlex.quote(f'http://{m}{READINESS}')}" for m in site.nacos.members)
    return NodeCommands(
        apply=f"systemctl stop {shlex.join(units)}",
        undo=started(*units),
        confirm=" && ".join(ready),
        before=f"systemctl cat {shlex.join(units)} >/dev/null",
        refusal=f"has no {' and '.join(units)} (is the lab up with --no-nacos?)",
        confirm_effect=" && ".join(f"! {active(unit)}" for unit in units),
        # At boot they wait for their turn, and a lab without Nacos has no such unit.
        trace=" && ".join(
            f"systemctl cat {unit} && systemctl show -p ActiveState {unit} | grep -qE '=(inactive|failed)$'"
            for unit in units
        )
        + " && ! systemctl list-jobs --no-legend | grep -qF nacos@",
    )


def nacos_machine(site: Site) -> Machine | None:
    """The node that every member lives on, as in the lab; None: they live elsewhere."""
    homes = {member.rpartition(":")[0] for member in site.nacos.members}
    return next((node for node in site.nodes.pair if homes == {node.address}), None)


def _thaw(unit: str) -> str:
    # SIGCONT harms nobody, so the whole control group may have it; a unit that has ended meanwhile has none.
    return f"systemctl kill --signal=CONT {unit} || true; {started(unit)}"


def _start_clean(site: Site) -> str:
    """Start keepalived; where it was killed, first take off the VIP that nobody else would, and end stray children."""
    interface, vip = shlex.quote(site.interface), shlex.quote(site.vip)
    stray = signal_processes("KILL", KEEPALIVED, "keepalived")
    # Stopped first: at boot systemd may be starting it just now, and what is killed halfway leaves a child behind.
    left = f"systemctl stop {KEEPALIVED}; {stray}; ! {holds_vip(site)} || ip addr del {vip} dev {interface}"
    return f"{ACTIVE} || {{ {left}; }}; {START}"
