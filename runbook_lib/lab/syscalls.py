"""The four system calls that Python 3.11 lacks: unshare, setns, mount, umount2. Each raises OSError."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

CLONE_NEWNS = 0x00020000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000
MS_REC = 0x4000
MS_PRIVATE = 1 << 18
MNT_DETACH = 2

_libc = ctypes.CDLL(None, use_errno=True)


def unshare(flags: int) -> None:
    """Put the calling thread (and, for CLONE_NEWPID, its next child) into new namespaces: unshare(2)."""
    _checked(_libc.unshare(flags), "unshare")


def setns(descriptor: int) -> None:
    """Move the calling thread into the namespace behind a descriptor: setns(2)."""
    _checked(_libc.setns(descriptor, 0), "setns")


def mount(source: str, target: Path, kind: str, *, flags: int = 0, data: str = "") -> None:
    """mount(2); the kernel's own words for the reason of a refusal are in the OSError's errno only."""
    result = _libc.mount(source.encode(), os.fsencode(target), kind.encode(), ctypes.c_ulong(flags), data.encode())
    _checked(result, f"mount {kind} on {target}")


def unmount(target: Path) -> None:
    """Detach a mount at once, its last user ends it: umount2(2) with MNT_DETACH."""
    _checked(_libc.umount2(os.fsencode(target), MNT_DETACH), f"umount {target}")


def _checked(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
