"""Control groups of the lab (version 2): one folder a lab, below it one for the supervisor and one for each machine."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from runbook_lib.errors import LabError
from runbook_lib.lab import syscalls

ROOT = Path("/sys/fs/cgroup")
GONE_WITHIN_S = 10.0


def mount_privately() -> None:
    """Show the unified hierarchy, and nothing else, at /sys/fs/cgroup. The caller must be in a private mount namespace.

    So a machine runs unified on a host with the old hierarchies too, and a path means the same on every host.
    """
    with suppress(OSError):  # nothing mounted there is fine
        syscalls.unmount(ROOT)
    syscalls.mount("cgroup2", ROOT, "cgroup2")


def own_group() -> Path:
    """The caller's group in the unified hierarchy, as a path below ROOT (cgroups(7): the line with id 0)."""
    lines = Path("/proc/self/cgroup").read_text().splitlines()
    return ROOT / next(line for line in lines if line.startswith("0::")).removeprefix("0::/")


def group_of_lab(unit: str) -> Group:
    """The group of the lab that the calling process starts: the scope that systemd made for it, else one of our own."""
    own = own_group()
    return Group(own if own.name == f"{unit}.scope" else ROOT / unit)


def find_groups(unit: str) -> list[Group]:
    """Whatever control group a lab has left behind: our own, or systemd's scope."""
    return [Group(path) for path in (ROOT / unit, ROOT / "system.slice" / f"{unit}.scope") if path.exists()]


@dataclass(frozen=True)
class Group:
    """One control group: a folder below ROOT."""

    path: Path

    def create(self) -> Group:
        """Make it, also when it is there already."""
        self.path.mkdir(parents=True, exist_ok=True)
        return self

    def child(self, name: str) -> Group:
        """The group of that name inside this one (not created)."""
        return Group(self.path / name)

    def join(self) -> None:
        """Move the calling process in."""
        (self.path / "cgroup.procs").write_text("0")

    def running(self, *argv: str) -> tuple[str, ...]:
        """A command line that does `argv` inside this group: the shell moves itself, then becomes the command."""
        # Not subprocess's preexec_fn: Python between fork and exec can deadlock in a process that has threads.
        return ("sh", "-c", 'echo 0 >"$0" && exec "$@"', str(self.path / "cgroup.procs"), *argv)

    def processes(self) -> list[int]:
        """Every process in it and below, as the caller's PID namespace numbers them."""
        found = []
        for folder, _, _ in os.walk(self.path):
            with suppress(OSError):  # systemd inside has removed it meanwhile: ENOENT, or ENODEV while it is read
                found += [int(pid) for pid in Path(folder, "cgroup.procs").read_text().split()]
        return found

    def populated(self) -> bool:
        """Whether a live process is in it or below; False as well when the group is gone."""
        try:
            return "populated 1" in (self.path / "cgroup.events").read_text()
        except FileNotFoundError:
            return False

    def kill(self) -> None:
        """SIGKILL to every process in it and below, at once and without a race (cgroup.kill, Linux 5.14)."""
        with suppress(FileNotFoundError):
            (self.path / "cgroup.kill").write_text("1")

    def remove(self) -> None:
        """Remove it and all below, bottom-up; it must be empty of processes (else OSError EBUSY)."""
        for folder, _, _ in os.walk(self.path, topdown=False):
            with suppress(FileNotFoundError):
                Path(folder).rmdir()

    def destroy(self) -> None:
        """Kill, wait until it is empty, remove. Blocks for some 0.1 s; LabError after 10 s."""
        deadline = time.monotonic() + GONE_WITHIN_S
        self.kill()
        while self.populated():
            if time.monotonic() > deadline:
                raise LabError(
                    f"Processes of control group {self.path} did not end within {GONE_WITHIN_S:.0f} s of SIGKILL.",
                    "They wait for the kernel (a hung disk?): see `ps -eo pid,stat,wchan:30,cmd | grep ' D'`.",
                )
            self.kill()  # a fork may have been under way
            time.sleep(0.005)
        self.remove()
