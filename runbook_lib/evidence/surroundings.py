"""Who ran it, where, and from which commit."""

from __future__ import annotations

import os
import platform
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

LOGIN_UID = Path("/proc/self/loginuid")
NOBODY_LOGGED_IN = 2**32 - 1
"""As the kernel writes it (proc_pid_loginuid(5))."""


@dataclass(frozen=True)
class Operator:
    """Who ran it: what the kernel says, and beside it what the environment claims."""

    uid: int
    user: str | None
    """The name of `uid`; None: it has none here."""
    login_uid: int | None
    """Who logged in, whatever they became since (pam_loginuid(8)); None: nobody did."""
    login_user: str | None
    claimed_sudo_user: str | None
    """SUDO_USER, which anybody may set."""


def operator() -> Operator:
    """Who runs this process."""
    uid, login_uid = os.getuid(), _login_uid()
    return Operator(uid, _name_of(uid), login_uid, _name_of(login_uid), os.environ.get("SUDO_USER") or None)


def _login_uid() -> int | None:
    try:
        uid = int(LOGIN_UID.read_text("ascii"))
    except OSError:  # a kernel without audit
        return None
    return None if uid == NOBODY_LOGGED_IN else uid


def _name_of(uid: int | None) -> str | None:
    try:
        return None if uid is None else pwd.getpwuid(uid).pw_name
    except KeyError:
        return None


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
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=20, check=True, stdin=subprocess.DEVNULL,
            start_new_session=True,  # a Ctrl-C while a run is closed must not leave it without its commit
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
