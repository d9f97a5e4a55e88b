"""Processes of a unit, found on the node by the unit's control group, in the command that signals them. Pure.

A process id never travels through the controller, and a name alone is nobody's: another OpenResty may run there.
"""

from __future__ import annotations

import shlex

# Unified, or the named hierarchy of systemd (CentOS 7). The path must end in the unit's own name.
_EACH = (
    'u=%s; g=$(systemctl show -p ControlGroup "$u"); g=${g#ControlGroup=}; case $g in */"$u") '
    'for q in $(cat /sys/fs/cgroup/systemd"$g"/cgroup.procs 2>/dev/null || cat /sys/fs/cgroup"$g"/cgroup.procs'
    " 2>/dev/null); do case $(cat /proc/$q/comm 2>/dev/null) in %s) %s;; esac; done;; esac; :"
)


def signal_processes(signal: str, unit: str, *names: str) -> str:
    """Shell that sends `signal` (`KILL`) to the processes in the control group of `unit` that have one of the names.

    It succeeds also where there is none. The group outlives a unit with KillMode=process, and so does what is in it.
    """
    return _each(unit, names, f"kill -{signal} $q 2>/dev/null")


def list_processes(unit: str, *names: str) -> str:
    """Shell that prints the ids of the processes of `unit` that have one of the names; for the same command only."""
    return _each(unit, names, "echo $q")


def has_stopped(unit: str) -> str:
    """A probe: a process in the control group of `unit` is stopped, as by SIGSTOP (proc(5): state T)."""
    stopped = _each(unit, (), "grep -qs '^State:.T' /proc/$q/status && echo yes")
    return f'[ -n "$({stopped})" ]'


def _each(unit: str, names: tuple[str, ...], action: str) -> str:
    return _EACH % (shlex.quote(unit), "|".join(map(shlex.quote, names)) or "*", action)
