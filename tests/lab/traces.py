"""What a lab could leave behind on the machine that it ran on."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

RULES = "from pyroute2.nftables.main import NFTables; n = NFTables(0); print(n.get_tables(), n.get_rules())"
"""As the kernel has them: not every machine has `nft`."""
LOOKS = (
    ("ip", "-o", "link"),
    ("ip", "-br", "-4", "address"),
    ("ip", "route", "show", "table", "all", "type", "unicast"),
    ("ip", "rule"),
    ("ip", "netns"),
    (sys.executable, "-c", RULES),
)


@dataclass(frozen=True)
class Traces:
    """The host's network configuration and mounts; equal before a lab and after it."""

    network: tuple[str, ...]
    mounts: str

    @classmethod
    def now(cls) -> Traces:
        return cls(tuple(as_root(*look) for look in LOOKS), Path("/proc/self/mountinfo").read_text())


def processes_of(name: str) -> list[int]:
    """Every live process in a control group of the lab: zombies have none any more."""
    return [pid for pid, groups in _live_processes() if f"/runbook-{name}-" in groups]


def _in_labs() -> list[int]:
    return [pid for pid, groups in _live_processes() if "/runbook-" in groups]


def namespaces_of(pids: list[int]) -> set[str]:
    """The namespaces of these processes that are not ours."""
    return _namespaces(*(f"/proc/{pid}/ns" for pid in pids)) - _namespaces("/proc/self/ns/")


def all_namespaces() -> set[str]:
    """Those of every process of the machine."""
    return _namespaces("/proc", "-maxdepth", "3", "-path", "/proc/[0-9]*/ns/*")


def wait_ended(namespaces: set[str], within_s: float = 10.0) -> None:
    """Until none of them is left: the killed supervisor is a zombie until the machine's init collects it.

    The kernel gives a number that is free to the next namespace: a lab beside this one may have it.
    """
    deadline = time.monotonic() + within_s
    while left := namespaces & all_namespaces() - namespaces_of(_in_labs()):
        assert time.monotonic() < deadline, f"{left} are left"
        time.sleep(0.2)


def files_of(name: str) -> list[str]:
    """State, lock, and control groups that carry the lab's name."""
    places = ("/var/lib/runbook", "/run", "/tmp", "/dev/shm", "/sys/fs/cgroup")
    names = ("-name", f"{name}*", "-o", "-name", f"runbook-{name}-*")
    return as_root("find", *places, *names).split()


def as_root(*argv: str) -> str:
    """The stdout of a command that may see everything; what vanishes while it looks makes it no failure."""
    sudo = () if os.geteuid() == 0 else ("sudo", "-n")
    return subprocess.run(
        [*sudo, *argv], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False
    ).stdout


def wait_gone(name: str, within_s: float = 5.0) -> float:
    """Until the lab has no process; seconds that took."""
    start = time.monotonic()
    while left := processes_of(name):
        assert time.monotonic() - start < within_s, f"{left} still live"
        time.sleep(0.01)
    return time.monotonic() - start


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


def _namespaces(*where: str) -> set[str]:
    kinds = {"mnt", "pid", "net", "cgroup", "uts", "ipc"}
    found = set(as_root("find", *where, "-type", "l", "-printf", "%l\n").split())
    return {namespace for namespace in found if namespace.partition(":")[0] in kinds}
