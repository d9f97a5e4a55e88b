"""What a lab asks of the kernel, each tried once by a process in namespaces of its own: nothing of it stays."""

from __future__ import annotations

import errno
import os
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from runbook_lib.lab import syscalls
from runbook_lib.lab.network import Segment
from runbook_lib.lab.topology import MACHINES

_OWN_KERNEL = "Run the lab on a machine, or a virtual one, whose kernel is its own: a container's rights don't suffice."
_OTHER_KERNEL = "Install your distribution's own kernel (Debian: linux-image-amd64), reboot, and try again."


@dataclass(frozen=True)
class Trial:
    """One thing to try: `attempt` gets a scratch folder and raises when it can't; `lack` says what fails then."""

    lack: str
    cure: str
    attempt: Callable[[Path], None]


@dataclass(frozen=True)
class FailedTrial:
    """The first trial that failed, and the kernel's word for why."""

    trial: Trial
    reason: str

    @property
    def cure(self) -> str:
        """What to do: another kernel helps where something is not known, not where it is not permitted."""
        return _OWN_KERNEL if os.strerror(errno.EPERM) in self.reason else self.trial.cure


def run_trials(scratch: Path, trials: tuple[Trial, ...]) -> FailedTrial | None:
    """Try them in order, the first of which enters new namespaces, from a child process; None when all succeed."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writer, _first_failure(scratch, trials).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as report:
        number, _, reason = report.read().partition(" ")
    os.waitpid(child, 0)
    return FailedTrial(trials[int(number)], reason) if reason else None


def _first_failure(scratch: Path, trials: tuple[Trial, ...]) -> str:
    """The failed trial's number and the reason; empty when all succeeded. Ends the process that leads to PID 1."""
    for number, trial in enumerate(trials):
        try:
            trial.attempt(scratch)
        except Exception as error:  # noqa: BLE001 - whatever the kernel made of it is the answer
            return f"{number} {error.args[-1]}" if error.args else f"{number} {error!r}"
        if number == 0 and (leader := os.fork()) != 0:  # only a child is inside the new PID namespace
            os.waitpid(leader, 0)
            os._exit(0)
    return ""


def _enter_namespaces(_: Path) -> None:
    syscalls.unshare(syscalls.CLONE_NEWNS | syscalls.CLONE_NEWNET | syscalls.CLONE_NEWPID)
    syscalls.mount("none", Path("/"), "", flags=syscalls.MS_REC | syscalls.MS_PRIVATE)


def _mount_proc(scratch: Path) -> None:
    target = scratch / "proc"
    target.mkdir()
    syscalls.mount("proc", target, "proc")


def _mount_overlay(scratch: Path) -> None:
    lower, upper, work, root = (scratch / name for name in ("lower", "upper", "work", "root"))
    for folder in (lower, upper, work, root):
        folder.mkdir()
    syscalls.mount("overlay", root, "overlay", data=f"lowerdir={lower},upperdir={upper},workdir={work}")
    (root / "written").touch()


def _make_control_group(scratch: Path) -> None:
    target = scratch / "cgroup"
    target.mkdir()
    syscalls.mount("cgroup2", target, "cgroup2")
    group = target / f"runbook-preflight-{scratch.name}"
    group.mkdir()
    try:
        if not (group / "cgroup.kill").exists():
            raise OSError(errno.ENOSYS, "this kernel has no cgroup.kill, which came with Linux 5.14")
    finally:
        group.rmdir()


def _make_segment(_: Path) -> None:
    Segment().attach(MACHINES[0]).close()


def _ask_nftables(_: Path) -> None:
    """Ask for the list of tables, as `nft list tables` does: a kernel without nf_tables knows no such question."""
    header = struct.pack("=IHHIIBBH", 20, 10 << 8 | 1, 0x301, 1, 0, 0, 0, 0)  # NFT_MSG_GETTABLE, a dump
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12) as netlink:  # NETLINK_NETFILTER
        netlink.send(header)
        _, kind, _, _, _, refused = struct.unpack_from("=IHHIIi", netlink.recv(4096))
    if kind == 2 and refused:  # NLMSG_ERROR
        raise OSError(-refused, os.strerror(-refused))


TRIALS = (
    Trial("This machine gives the lab no namespaces of its own", _OWN_KERNEL, _enter_namespaces),
    Trial("This machine lets nobody mount /proc in a namespace", _OWN_KERNEL, _mount_proc),
    Trial(
        "The file system of /var/lib/runbook carries no overlay",
        "Mount a disk with ext4 or xfs at /var/lib/runbook; a kernel without overlayfs needs: sudo modprobe overlay",
        _mount_overlay,
    ),
    Trial("The lab can't have control groups of version 2", _OWN_KERNEL, _make_control_group),
    Trial(
        "This kernel makes no bridge or no veth pair",
        f"Try: sudo modprobe -a bridge veth. {_OTHER_KERNEL}",
        _make_segment,
    ),
    Trial("This kernel has no nftables", f"Try: sudo modprobe nf_tables. {_OTHER_KERNEL}", _ask_nftables),
)
