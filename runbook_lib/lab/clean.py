"""Remove what is left of a lab, running or not: processes, control group, state folder. Exactly its own."""

from __future__ import annotations

import shutil
from contextlib import suppress

from runbook_lib.lab import cgroups
from runbook_lib.lab.folder import LABS, LabFolder


def clean(folder: LabFolder) -> bool:
    """Kill and remove the lab; True when something was there. The caller holds the lab's lock.

    Mounts and namespaces need no removal: they end with the lab's last process. Must run in a mount namespace with
    `cgroups.mount_privately`. Raises LabError when a process does not die.
    """
    # No lock of the dead supervisor is asked: it may be gone 150 ms before its processes are. The control group knows.
    record = folder.read_record()
    for group in cgroups.find_groups(record.unit) if record else []:
        group.destroy()
    was_there = folder.path.exists()
    if was_there:
        shutil.rmtree(folder.path)
    return was_there


def remove_empty_folders() -> None:
    """Remove /var/lib/runbook/labs and its parent when the last lab has left them empty."""
    with suppress(OSError):  # not empty
        LABS.rmdir()
        LABS.parent.rmdir()
