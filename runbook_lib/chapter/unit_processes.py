"""Processes of a unit, found on the node by the unit's control group, in the command that signals them. Pure.

A process id never travels through the controller, and a name alone is nobody's: another OpenResty may run there.
"""

from __future__ import annotations

import shlex

# Unified, or the named hierarchy of systemd (CentOS 7). The path must end in the unit's own name.
_SIGNAL = (
    'u=%s; g=$(systemctl show -p ControlGroup "$u"); g=${g#ControlGroup=}; case $g in */"$u") '
    'for q in $(cat /sys/fs/cgroup/systemd"$g"/cgroup.procs 2>/dev/null || cat /sys/fs/cgroup"$g"/cgroup.procs'
    " 2>/dev/null); do case $(cat /proc/$q/comm 2>/dev/null) in %s) kill -%s $q 2>/dev/null;; esac; done;; esac; :"
)


def signal_processes(signal: str, unit: str, *names: str) -> str:
    """Shell that sends `signal` (`KILL`) to the processes in the control group of `unit` that have one of the names.

    It succeeds also where there is none. The group outlives a unit with KillMode=process, and so does what is in it.
    """
    return _SIGNAL % (shlex.quote(unit), "|".join(shlex.quote(name) for name in names), signal)
