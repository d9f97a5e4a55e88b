"""A full disk on a machine, recognised in what a command said: which folder has no room."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from runbook_lib.errors import DiskFullError

SAID = "No space left on device"
"""ENOSPC as every program words it in English (strerror(3)); remote_shell asks for English."""
_PATH = re.compile(r"(?:^|[\s'\"(=])(/[^\s'\":;,)]+)")


def disk_full_error(host: str, what_failed: str, said: str, command: str) -> DiskFullError | None:
    """The error to raise when `said` speaks of a full disk; None: it doesn't. Pure.

    Where it names no file, the folder is the first that `command` names.
    """
    line = next((line for line in said.splitlines() if SAID in line), None)
    if line is None:
        return None
    named = next((str(PurePosixPath(path).parent) for path in _paths(line)), next(iter(_paths(command)), ""))
    folder = named or "a folder that it writes to"
    return DiskFullError(
        f"No space left on {host} in {folder}: {what_failed}.",
        f"Free some there (on {host}: df -h; df -i), then run the step again.",
    )


def _paths(text: str) -> list[str]:
    """The absolute paths in a text; devices hold no files."""
    return [path for path in _PATH.findall(text) if not path.startswith("/dev/")]
