"""What a fault does on a node, as shell commands, and the few phrases that several of them share. Pure."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from runbook_lib.chapter.service import UNIT as KEEPALIVED
from runbook_lib.chapter.unit_processes import signal_processes
from runbook_lib.site import Site


@dataclass(frozen=True)
class NodeCommands:
    """Shell commands for each node that a fault hits, run as root; what the lab's supervisor does is empty here."""

    confirm: str
    """A probe: ends with 0 once nothing of the fault is left."""
    confirm_effect: str = ""
    """A probe: ends with 0 once the fault has taken effect, and until it is undone; `$was` is what `before` printed."""
    apply: str = ""
    """Run by `sh -e`."""
    undo: str = ""
    """Run by `sh -e`; safe to run again, also where the fault has passed by itself. `$was` may be empty."""
    before: str = ""
    """Prints what the fault is going to replace, in digits: the node keeps it. Where it fails, the fault can't come."""
    refusal: str = ""
    """Where `before` fails: the predicate of a sentence whose subject is the machine."""
    prepare: str = ""
    """Takes the node away first, where the fault is its return."""
    trace: str = ""
    """A probe: ends with 0 only where a fault of ours is on, recorded or not; empty: others leave the node so, too."""


ACTIVE = f"systemctl is-active --quiet {KEEPALIVED}"


def active(*units: str) -> str:
    """A probe: every unit is active."""
    return f"systemctl is-active --quiet {shlex.join(units)}"


def started(*units: str) -> str:
    """Starts the units, also those that systemd gave up on ("start request repeated too quickly"); names one it can't.

    It ends the shell then.
    """
    named = '"$v is $(systemctl is-active "$v"). See why: journalctl -u $v -n 50"'
    return (
        f'for v in {shlex.join(units)}; do systemctl reset-failed "$v" 2>/dev/null || true; '
        f'systemctl start "$v" || {{ echo {named} >&2; exit 1; }}; done'
    )


START = started(KEEPALIVED)


def process_tree(unit: str) -> str:
    """Sets `$p` to a unit's main process and `$t` to it and its children; fails where it doesn't run."""
    shown = f"p=$(systemctl show -p MainPID {shlex.quote(unit)}); p=${{p#MainPID=}}"
    return f'{shown}; test "$p" -gt 0 && t="$p $(pgrep -P "$p" | tr "\\n" " ")"'


GONE = 'test -n "$was"; for q in $was; do test ! -e /proc/$q || exit 1; done'
"""A probe: none of the processes that `before` printed lives."""


END_OPENRESTY = signal_processes("KILL", KEEPALIVED, "openresty", "nginx")
"""What the chapter's script started: it lives in keepalived's control group, where systemctl doesn't reach it."""


def only_by_unit(unit: str, meanwhile: str = "") -> str:
    """Ends the unit's OpenResty and the chapter's script's, does `meanwhile`, and starts the unit.

    Again where that script, which runs all the while, had the port first.
    """
    done = f"{meanwhile}; " if meanwhile else ""
    start = started(unit)
    again = f"{{ {END_OPENRESTY}; {start}; }}"
    return f"systemctl stop {shlex.quote(unit)}; {END_OPENRESTY}; {done}({start}) 2>/dev/null || {again}"


def frozen(unit: str) -> str:
    """A probe: a unit's processes are stopped, all of them (proc(5): state T)."""
    return f"{process_tree(unit)} && for q in $t; do grep -qs '^State:.T' /proc/$q/status || exit 1; done"


def partly_frozen(unit: str) -> str:
    """A probe: one of a unit's processes is stopped at least."""
    return f"{process_tree(unit)} && for q in $t; do ! grep -qs '^State:.T' /proc/$q/status || exit 0; done; exit 1"


def thawed(unit: str) -> str:
    """A probe: a unit is active, and none of its processes is stopped."""
    none = "for q in $t; do ! grep -qs '^State:.T' /proc/$q/status || exit 1; done"
    return f"{active(unit)} && {process_tree(unit)} && {none}"


def holds_vip(site: Site) -> str:
    """A probe: the node has the VIP."""
    return f"ip -4 -o addr show dev {shlex.quote(site.interface)} | grep -qF {shlex.quote(f' {site.vip_address}/')}"
