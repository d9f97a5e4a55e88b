"""What a fault does on a node, as shell commands, and the few phrases that several of them share. Pure."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from runbook_lib.chapter.service import UNIT as KEEPALIVED
from runbook_lib.site import Site


@dataclass(frozen=True)
class NodeCommands:
    """Shell commands for each node that a fault hits, run as root; what the lab's supervisor does is empty here."""

    confirm: str
    """A probe: ends with 0 once nothing of the fault is left."""
    confirm_effect: str = ""
    """A probe: ends with 0 once the fault has taken effect, and until it is undone; `$was` is what `before` said."""
    apply: str = ""
    """Run by `sh -e`."""
    undo: str = ""
    """Run by `sh -e`; safe to run again, also where the fault has passed by itself."""
    before: str = ""
    """Prints what the fault is going to replace: process ids, a boot id. Where it fails, the fault can't come."""
    needs: str = ""
    """What a machine lacks where `before` fails."""
    prepare: str = ""
    """Takes the node away first, where the fault is its return."""


ACTIVE = f"systemctl is-active --quiet {KEEPALIVED}"
START = f"systemctl start {KEEPALIVED}"


def active(*units: str) -> str:
    """A probe: every unit is active."""
    return f"systemctl is-active --quiet {shlex.join(units)}"


def process_tree(unit: str) -> str:
    """Sets `$p` to a unit's main process and `$t` to it and its children; fails where it doesn't run."""
    shown = f"p=$(systemctl show -p MainPID {shlex.quote(unit)}); p=${{p#MainPID=}}"
    return f'{shown}; test "$p" -gt 0 && t="$p $(pgrep -P "$p" | tr "\\n" " ")"'


GONE = "for q in $was; do test ! -e /proc/$q || exit 1; done"
"""A probe: none of the processes that `before` printed lives."""


END_OPENRESTY = "pkill -KILL -x openresty || true"
"""Also what the chapter's script started: it lives in keepalived's control group, where systemctl doesn't reach it."""


def only_by_unit(unit: str, meanwhile: str = "") -> str:
    """Ends every OpenResty, does `meanwhile`, starts the unit; again where the chapter's script had the port first."""
    quoted = shlex.quote(unit)
    again = f"{{ {END_OPENRESTY}; systemctl restart {quoted}; }}"
    done = f"{meanwhile}; " if meanwhile else ""
    return f"systemctl stop {quoted}; {END_OPENRESTY}; {done}systemctl start {quoted} || {again}"


def frozen(unit: str) -> str:
    """A probe: a unit's processes are stopped, all of them (proc(5): state T)."""
    return f"{process_tree(unit)}; for q in $t; do grep -qs '^State:.T' /proc/$q/status || exit 1; done"


def thawed(unit: str) -> str:
    """A probe: a unit is active, and none of its processes is stopped."""
    none = "for q in $t; do ! grep -qs '^State:.T' /proc/$q/status || exit 1; done"
    return f"{active(unit)} && {process_tree(unit)} && {none}"


def holds_vip(site: Site) -> str:
    """A probe: the node has the VIP."""
    return f"ip -4 -o addr show dev {shlex.quote(site.interface)} | grep -qF {shlex.quote(f' {site.vip_address}/')}"
