"""Can this machine run a lab? Asked by trying each thing once, in namespaces that are gone a moment later (root)."""

from __future__ import annotations

import ctypes
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from runbook_lib.errors import LabError
from runbook_lib.lab.folder import LABS
from runbook_lib.lab.image import IMAGES

GIB = 1 << 30
_INOTIFY_INSTANCES = 36  # a machine keeps 8 (systemd 3, polkitd 2, logind, dbus, firewalld)
_INOTIFY_ADVISED = 1024
_MACHINES_BYTES = GIB // 2  # four machines
_NACOS_BYTES = GIB + GIB // 4  # three members
_IMAGE_BYTES = GIB + GIB // 2  # one release's, and the packages while it is being made
_DISKS_BYTES = GIB + GIB // 2  # what the machines write; most of it is Nacos' (preallocated)


def preflight(*, nacos: bool = True, image_cached: bool = False) -> None:
    """Nothing when a lab can run here; else LabError naming the first thing that lacks, with its cure. About 0.1 s."""
    if os.geteuid() != 0:
        raise LabError("The lab's machines need root to start.", "Run as root, or allow this user sudo.")
    require_memory(Path("/proc/meminfo").read_text(), _MACHINES_BYTES + (_NACOS_BYTES if nacos else 0))
    require_room(LABS, _DISKS_BYTES, free_bytes)
    require_inotify(_open_inotify)
    if not image_cached:  # a machine that has an image has run a lab; should one not start, `start` asks the kernel
        require_room(IMAGES, _IMAGE_BYTES, free_bytes)
        require_kernel()


def require_memory(meminfo: str, needed: int) -> None:
    """LabError when /proc/meminfo says that less than `needed` bytes are available. Pure."""
    available = next(int(line.split()[1]) * 1024 for line in meminfo.splitlines() if line.startswith("MemAvailable:"))
    if available < needed:
        raise LabError(
            f"The lab needs {_gib(needed)} of memory, {_gib(available)} are available.",
            "End other programs, or start it without Nacos: runbook lab up --no-nacos",
        )


def require_room(folder: Path, needed: int, free: Callable[[Path], int]) -> None:
    """LabError when the disk of `folder`, which need not exist yet, has less than `needed` bytes free."""
    there = next(path for path in (folder, *folder.parents) if path.exists())
    if (has := free(there)) < needed:
        raise LabError(
            f"The lab needs {_gib(needed)} of disk at {folder}, {_gib(has)} are free.",
            f"Make room there, or mount a larger disk at {folder}.",
        )


def free_bytes(folder: Path) -> int:
    """Free bytes of the disk that a folder is on."""
    return shutil.disk_usage(folder).free


def require_inotify(open_one: Callable[[], int]) -> None:
    """LabError when root can't have as many inotify instances as four booting machines open."""
    opened: list[int] = []
    try:
        for _ in range(_INOTIFY_INSTANCES):
            opened.append(open_one())
    except OSError as error:
        raise LabError(
            f"Four machines need {_INOTIFY_INSTANCES} inotify instances, only {len(opened)} are left on this one.",
            f"Allow more: sudo sysctl fs.inotify.max_user_instances={_INOTIFY_ADVISED}",
        ) from error
    finally:
        for descriptor in opened:
            os.close(descriptor)


def _open_inotify() -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor: int = libc.inotify_init1(os.O_CLOEXEC)
    if descriptor < 0:
        raise OSError(ctypes.get_errno(), "inotify_init1")
    return descriptor


def require_kernel() -> None:
    """LabError for the first thing that the kernel refuses."""
    from runbook_lib.lab.kernel_trials import TRIALS, run_trials  # noqa: PLC0415 - pyroute2: 0.2 s of every start

    LABS.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    # Beside the labs: their disks' file system is the one that must carry an overlay.
    with tempfile.TemporaryDirectory(prefix="preflight-", dir=LABS.parent) as scratch:
        failed = run_trials(Path(scratch), TRIALS)
    if failed is not None:
        raise LabError(f"{failed.trial.lack}: {failed.reason}.", failed.cure)


def _gib(number: int) -> str:
    return f"{number / GIB:.1f} GiB"
