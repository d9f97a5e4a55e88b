"""The lab's only lasting privileged process: PID 1 of its own PID and mount namespaces.

When it dies, however it dies, the kernel ends every process, mount and network namespace of the lab with it.
`launch` starts it: `python -m runbook_lib.lab.supervisor NAME`, and says `go` on its stdin when the lab's folder is
there. Its stdout gets one line: `ready` when every machine answers SSH, or why not; then it lets go of both.
"""

from __future__ import annotations

import asyncio
import logging
import os
import resource
import signal
import sys
import time
from pathlib import Path

from runbook_lib.errors import LabError
from runbook_lib.lab import cgroups, syscalls
from runbook_lib.lab.cgroups import Group
from runbook_lib.lab.children import Children
from runbook_lib.lab.control import Control
from runbook_lib.lab.disk import make_identity, make_key, mount_disk
from runbook_lib.lab.folder import LabFolder, LabRecord
from runbook_lib.lab.launch import READY
from runbook_lib.lab.machine import Machine
from runbook_lib.lab.network import Segment
from runbook_lib.lab.relay import Relay
from runbook_lib.lab.requests import Requests
from runbook_lib.lab.topology import CLIENT, HTTP_PORT, MACHINES, SSH_PORT, VIP

START_WITHIN_S = 90.0
DESCRIPTORS = 4096
"""Two a relayed connection; 4096 is every Linux's hard limit for everybody, so no privilege is needed."""

log = logging.getLogger(__name__)


def main() -> None:
    """Enter the lab's namespaces, become their PID 1, run the lab until killed."""
    folder = LabFolder(sys.argv[1])
    if not sys.stdin.readline():
        return  # whoever prepares the lab gave up
    record = folder.read_record()
    assert record is not None, f"{folder.record_file} is written before the supervisor starts"
    _log_to(folder.log)
    resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    group = _enter_namespaces(record)
    if os.fork() != 0:
        os._exit(0)  # the child is PID 1; nobody waits for it
    syscalls.mount("proc", Path("/proc"), "proc")
    asyncio.run(_run(folder, record, group))


def _log_to(path: Path) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(descriptor, 2)  # tracebacks, too
    os.close(descriptor)
    logging.Formatter.converter = time.gmtime
    logging.basicConfig(level=logging.INFO, format="%(asctime)s.%(msecs)03dZ %(message)s", datefmt="%Y-%m-%dT%H:%M:%S")


def _enter_namespaces(record: LabRecord) -> Group:
    """New mount and PID namespaces (the latter for the next child), own /run and /sys/fs/cgroup; the lab's group."""
    syscalls.unshare(syscalls.CLONE_NEWNS)
    syscalls.mount("none", Path("/"), "", flags=syscalls.MS_REC | syscalls.MS_PRIVATE)
    syscalls.mount("tmpfs", Path("/run"), "tmpfs", data="mode=755")  # nspawn's locks: shared between labs otherwise
    cgroups.mount_privately()
    group = cgroups.group_of_lab(record.unit)
    group.child("supervisor").create().join()
    syscalls.unshare(syscalls.CLONE_NEWPID)
    return group


async def _run(folder: LabFolder, record: LabRecord, group: Group) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):  # PID 1 ignores what it has no handler for
        loop.add_signal_handler(number, os._exit, 0)
    _make_disks(folder, record)
    machines, requests = await _assemble(folder, record, group)
    try:
        await _boot_all(folder, machines)
    except LabError as error:
        print(f"{error.what}\t{error.todo}", flush=True)
        return
    requests.started = True
    print(READY, flush=True)
    _let_go()
    await asyncio.Event().wait()


def _make_disks(folder: LabFolder, record: LabRecord) -> None:
    """Mount every disk; the SSH key and the pinned host keys go to the user's folder."""
    authorized = make_key(folder.key, f"lab {record.name} of runbook")
    pinned = []
    for spec in MACHINES:
        disk = folder.machine(spec.name)
        layers = [Path(record.layer)] if spec.nacos and record.layer else []
        mount_disk(disk, [*layers, Path(record.image)])
        pinned.append(f"{spec.name} {make_identity(disk.root, spec, authorized)}\n")
    folder.known_hosts.write_text("".join(pinned))
    for path in (folder.key, folder.key.with_suffix(".pub"), folder.known_hosts):
        os.chown(path, record.owner, -1, follow_symlinks=False)


async def _assemble(folder: LabFolder, record: LabRecord, group: Group) -> tuple[list[Machine], Requests]:
    """Segment, machines, relays and the control socket, all serving; nothing boots yet."""
    segment, children = await asyncio.to_thread(Segment), Children()
    machines = {
        m.name: Machine(m, folder.machine(m.name), group.child(m.name), segment, children, lab=folder.name)
        for m in MACHINES
    }
    ssh = {name: Relay(machine, ("127.0.0.1", SSH_PORT)) for name, machine in machines.items()}
    vip = Relay(machines[CLIENT], (VIP, HTTP_PORT))
    requests = Requests(record.name, machines, ssh, vip)
    control = Control(folder.socket, record.owner, requests.answer)
    for relay in (*ssh.values(), vip):
        relay.start()
    control.start()
    return list(machines.values()), requests


async def _boot_all(folder: LabFolder, machines: list[Machine]) -> None:
    """Boot all at once; returns when every sshd listens. LabError with the console's end when one doesn't come up."""
    await asyncio.gather(*(machine.power_on() for machine in machines))
    deadline = time.monotonic() + START_WITHIN_S
    while waiting := [machine for machine in machines if machine.state != "running"]:
        ended = next((machine for machine in waiting if machine.state == "off"), None)
        if ended is not None or time.monotonic() > deadline:
            name = (ended or waiting[0]).spec.name
            last = folder.machine(name).console.read_text(errors="replace").splitlines()[-5:]
            raise LabError(
                f"{name} did not come up: {' / '.join(last)}.", "Try again; if it stays so, report these lines."
            )
        await asyncio.sleep(0.01)


def _let_go() -> None:
    """Nothing of the caller's stays open: whoever waits for the end of its output would wait for ever."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1):
        os.dup2(nothing, stream)
    os.close(nothing)


if __name__ == "__main__":
    main()
