"""The programs of this machine that the lab works with, and the Debian packages that bring them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable

from runbook_lib.errors import LabError
from runbook_lib.lab.build_progress import Progress
from runbook_lib.lab.root import as_root

PACKAGES = {  # program: the package that has it
    "systemd-nspawn": "systemd-container",
    "mmdebstrap": "mmdebstrap",
    "mvn": "maven",
    "javac": "default-jdk-headless",
    "ssh-keygen": "openssh-client",
    "setpriv": "util-linux",
}
_KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"  # what Debian's archive is verified with, also on a derivative
_UNTIL_UNLOCKED = ("-o", "DPkg::Lock::Timeout=300")  # a fresh machine often updates itself when it is first used


def ensure_packages(progress: Progress) -> None:
    """Install what is missing with apt-get, as root or through `sudo -n`; does nothing, at once, when nothing is.

    LabError names all that is missing, with the command that installs it, where this can't.
    """
    missing = missing_packages(program_path, os.path.exists)
    if not missing:
        return
    progress(f"installing what this machine lacks for the lab: {', '.join(missing)}")
    _apt_get("update")  # lists that are old or not there; an unreachable third-party archive doesn't matter
    failed = _apt_get("install", "--yes", "--no-install-recommends", *missing)
    still = missing_packages(program_path, os.path.exists)
    if still:
        raise LabError(
            f"This machine lacks packages that the lab needs: {', '.join(still)}{failed}.",
            f"Install them: sudo apt-get install {' '.join(still)}",
        )


def missing_packages(path_of: Callable[[str], str | None], exists: Callable[[str], bool]) -> list[str]:
    """The packages whose program is not found, in the order of PACKAGES. Pure but for what it is given."""
    missing = [package for program, package in PACKAGES.items() if path_of(program) is None]
    return missing if exists(_KEYS) else [*missing, "debian-archive-keyring"]


def program_path(program: str) -> str | None:
    """Where a program is, also one in the folders of root's that a user's PATH leaves out."""
    return shutil.which(program, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin")


def _apt_get(*arguments: str) -> str:
    """Run it as root; empty when it succeeded, else why not, as the end of a sentence."""
    command = as_root("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", *_UNTIL_UNLOCKED, *arguments)
    try:
        # Its words go into our message: in English.
        spoken = os.environ | {"LC_ALL": "C"}
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False, env=spoken)
    except FileNotFoundError as error:
        return f" ({error.filename} is not here)"
    last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
    return "" if done.returncode == 0 else f" ({' '.join(last) or f'apt-get ended with {done.returncode}'})"
