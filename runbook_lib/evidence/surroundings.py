"""Who ran it, where, and from which commit."""

from __future__ import annotations

import getpass
import os
import platform
import subprocess
from pathlib import Path


def operator() -> str:
    """The user; behind sudo the one who called it."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a user id without a name, in a container
        user = str(os.getuid())
    return os.environ.get("SUDO_USER") or user


def controller() -> str:
    """The name of this machine."""
    return platform.node()


def commit(top: Path) -> str | None:
    """The repository's commit, `-dirty` behind it when tracked files differ; None without git or a repository."""
    head = _git(top, "rev-parse", "HEAD")
    if head is None:
        return None
    changed = _git(top, "status", "--porcelain", "--untracked-files=no")
    return f"{head}-dirty" if changed else head


def _git(top: Path, *arguments: str) -> str | None:
    # safe.directory: root may look into a user's clone.
    command = ["git", "-c", f"safe.directory={top}", "-C", str(top), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
