"""The undo of a fault, kept on the node that it hits: so it is undone also when nobody of us is left to do it.

A file in /var/lib/runbook/faults/ holds the undo and removes itself once it succeeded; a timer of the node's own
systemd runs it after the expiry. The next run does it too, should the node have been restarted meanwhile.
"""

from __future__ import annotations

from runbook_lib.chapter.ownership import STATE
from runbook_lib.hosts import Host

FOLDER = f"{STATE}/faults"
UNDO_WITHIN_S = 90.0
"""systemd's own limit for a unit's stop."""


def render_undo(fault_id: str, undo: str) -> str:
    """The undo as a script that removes itself once it succeeded. Pure."""
    return f"""\
#!/bin/sh
# Undoes {fault_id}. Safe to run again; it removes itself once done.
set -e
{undo}
rm -f {FOLDER}/{fault_id}
"""


def record_undo(host: Host, fault_id: str, undo: str, expires_s: float) -> None:
    """Put the undo on the node, and start the timer that runs it after `expires_s`. Raises HostError."""
    path = f"{FOLDER}/{fault_id}"
    host.run("mkdir -p %s", FOLDER).check()
    host.write_file(path, render_undo(fault_id, undo).encode(), mode=0o700)
    # AccuracySec: systemd's default is a minute.
    timer = "--on-active=%s --timer-property=AccuracySec=100ms"
    expired = f"test ! -e {path} || exec sh {path}"  # gone: undone by somebody who did not get to stop this timer
    host.run(
        f"systemd-run --quiet --unit=%s {timer} /bin/sh -c %s", _unit(fault_id), f"{expires_s:.1f}s", expired
    ).check()


def recorded_faults(host: Host) -> tuple[str, ...]:
    """The faults whose undo has not succeeded yet on this node."""
    names = host.run("ls -1 %s 2>/dev/null || true", FOLDER).check().stdout.split()
    return tuple(name for name in names if not name.endswith(".part"))  # one that was not written whole is no undo


def run_undo(host: Host, fault_id: str) -> None:
    """Undo a recorded fault now, unless its timer already did, and stop the timer. Raises HostError."""
    path = f"{FOLDER}/{fault_id}"
    host.run("test ! -e %s || sh %s", path, path, timeout_s=UNDO_WITHIN_S).check()
    host.run("systemctl stop %s 2>/dev/null || true", f"{_unit(fault_id)}.timer").check()


def _unit(fault_id: str) -> str:
    return f"runbook-fault-{fault_id}"
