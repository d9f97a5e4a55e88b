"""Root, for the few things that need it: the caller's own, else through `sudo -n`, which never asks."""

from __future__ import annotations

import os
import subprocess
import sys

from runbook_lib.errors import LabError

_INSTEAD = "who may not use it asks an administrator for that, or works on machines of their own (substrate: ssh)."


def as_root(*argv: str) -> tuple[str, ...]:
    """A command line that does `argv` as root."""
    return argv if os.geteuid() == 0 else ("sudo", "-n", "--", *argv)


def require_root() -> None:
    """LabError, with sudo's own words, when this user can't become root. Asked before anything is fetched: 10 ms."""
    if sys.platform != "linux":
        raise LabError(f"The lab needs Linux, this is {sys.platform}.", "Use machines of your own: substrate ssh.")
    if os.geteuid() == 0:
        return
    spoken = os.environ | {"LC_ALL": "C"}  # its words go into our message: in English
    try:
        asked = subprocess.run(
            as_root("true"), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, env=spoken
        )
    except FileNotFoundError as error:
        raise _refused("there is no sudo here") from error
    if asked.returncode != 0:
        said = asked.stderr.strip().splitlines()[-1:]
        raise _refused("".join(said).removeprefix("sudo: ").rstrip(".") or f"sudo ended with {asked.returncode}")


def _refused(why: str) -> LabError:
    return LabError(
        f"The lab's supervisor needs root for network, disks and control groups: {why}.",
        f"Run `sudo -v` first, or run as root; {_INSTEAD}",
    )
