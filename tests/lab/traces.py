"""What a lab could leave behind on the machine that it ran on."""

from __future__ import annotations

import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

LOOKS = (
    ("ip", "-o", "link"),
    ("ip", "-o", "-4", "address"),
    ("ip", "route", "show", "table", "all", "type", "unicast"),
    ("ip", "rule"),
    ("ip", "netns"),
    ("nft", "list", "ruleset"),
)


@dataclass(frozen=True)
class Traces:
    """The host's network configuration and mounts; equal before a lab and after it."""

    network: tuple[str, ...]
    mounts: str

    @classmethod
    def now(cls) -> Traces:
        looked = (subprocess.run(look, capture_output=True, text=True, check=True).stdout for look in LOOKS)
        return cls(tuple(looked), Path("/proc/self/mountinfo").read_text())


def processes_of(name: str) -> list[int]:
    """Every live process in a control group of the lab: zombies have none any more."""
    return [pid for pid, groups in _live_processes() if f"/runbook-{name}-" in groups]


def namespaces_of(pids: list[int]) -> set[str]:
    """The mount, PID, network and control group namespaces of these processes but not ours."""
    return _namespaces(pids) - _namespaces([_own_pid()])


def all_namespaces() -> set[str]:
    """Those of every process of the machine."""
    return _namespaces([pid for pid, _ in _live_processes()])


def files_of(name: str) -> list[Path]:
    """State, lock, and control groups that carry the lab's name."""
    places = ("/var/lib/runbook", "/run", "/tmp", "/dev/shm", "/sys/fs/cgroup")
    names = (f"{name}*", f"runbook-{name}-*")
    return [found for place in places for pattern in names for found in Path(place).rglob(pattern)]


def wait_gone(name: str, within_s: float = 5.0) -> float:
    """Until the lab has no process; seconds that took."""
    start = time.monotonic()
    while left := processes_of(name):
        assert time.monotonic() - start < within_s, f"{left} still live"
        time.sleep(0.01)
    return time.monotonic() - start


def _own_pid() -> int:
    return int(Path("/proc/self").readlink().name)


def _live_processes() -> list[tuple[int, str]]:
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                if (folder / "stat").read_text().rpartition(")")[2].split()[0] != "Z":
                    found.append((int(folder.name), (folder / "cgroup").read_text()))
            except OSError:  # it ended meanwhile
                continue
    return found


def _namespaces(pids: list[int]) -> set[str]:
    links = set()
    for pid in pids:
        for kind in ("mnt", "pid", "net", "cgroup"):
            try:
                links.add(str(Path(f"/proc/{pid}/ns/{kind}").readlink()))
            except OSError:
                continue
    return links
