"""One machine: a systemd-nspawn container that is powered on and off like a real one."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from runbook_lib.errors import LabError
from runbook_lib.lab import procfs
from runbook_lib.lab.cgroups import Group
from runbook_lib.lab.children import Child, Children
from runbook_lib.lab.folder import MachineFolder
from runbook_lib.lab.network import Namespace, Segment, listens
from runbook_lib.lab.protocol import MachineState
from runbook_lib.lab.topology import SSH_PORT, MachineSpec, name_option

REBOOT_STATUS = 133
"""How nspawn ends, with --keep-unit, when the machine inside reboots; a poweroff inside is 0."""
SHUTDOWN_WITHIN_S = 90.0
"""As long as systemd itself waits for a unit that won't stop."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Boot:
    """One boot of a machine: its network namespace, its nspawn, and what became of it."""

    namespace: Namespace
    nspawn: Child
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    """sshd listens."""
    over: asyncio.Event = field(default_factory=asyncio.Event)
    """The machine is gone: no process, no cable, no control group of this boot."""


class Machine:
    """Power, cable and processes of one machine. All methods run in the supervisor's event loop."""

    def __init__(
        self,
        spec: MachineSpec,
        folder: MachineFolder,
        group: Group,
        segment: Segment,
        children: Children,
        *,
        lab: str,
    ) -> None:
        self.spec = spec
        self.plugged = True
        self.boot: Boot | None = None
        self.option = name_option(lab)
        """Names the lab in a command line that is shown."""
        self._folder = folder
        self._group = group
        self._segment = segment
        self._children = children
        self._tasks: set[asyncio.Task[None]] = set()
        self._power = asyncio.Lock()
        self._execs = 0
        self._wanted = False

    @property
    def state(self) -> MachineState:
        """off, starting, or running: its sshd listens."""
        if self.boot is None:
            return "off"
        return "running" if self.boot.ready.is_set() else "starting"

    async def power_on(self) -> None:
        """Boot it, unless it is on. Returns when the boot began."""
        self._wanted = True
        await self._start_if_wanted()

    async def power_off(self) -> None:
        """The cable first, so that its kernel can't answer for an address any more, then every process at once."""
        self._wanted = False
        async with self._power:
            if (boot := self.boot) is None:
                return
            await asyncio.to_thread(self._segment.detach, self.spec)
            self._group.kill()
            if not boot.nspawn.ended.done():
                os.kill(boot.nspawn.pid, signal.SIGKILL)  # it may not have joined its group yet
            await boot.over.wait()

    async def reboot(self) -> None:
        """A clean reboot, as by `systemctl reboot`. Returns when the next boot began."""
        if (boot := self.boot) is None:
            raise LabError(
                f"{self.spec.name} is off.", f"Power it on: runbook lab power-on {self.spec.name}{self.option}"
            )
        os.kill(await self.leader(), signal.SIGRTMIN + 5)  # systemd(1): starts reboot.target
        try:
            await asyncio.wait_for(boot.over.wait(), SHUTDOWN_WITHIN_S)
        except TimeoutError as error:
            raise LabError(
                f"{self.spec.name} did not shut down within {SHUTDOWN_WITHIN_S:.0f} s.",
                f"See `runbook lab logs {self.spec.name}{self.option}`, or power it off: "
                f"runbook lab power-off {self.spec.name}{self.option}",
            ) from error
        await self.power_on()

    async def set_plugged(self, plugged: bool) -> None:
        """Put the cable in, or pull it; a machine that is off comes up as it was left."""
        self.plugged = plugged
        await asyncio.to_thread(self._segment.set_plugged, self.spec, plugged)

    async def execute(self, argv: Sequence[str], descriptors: Sequence[int]) -> int:
        """Run a command inside, as the machine's root, on these stdin, stdout and stderr; returns its exit status.

        It lives in a control group of its own inside the machine's, and dies when the caller gives up (cancellation).
        """
        leader = await self.leader()
        self._execs += 1
        group = self._group.child(f"exec-{self._execs}").create()
        limit = f"--bounding-set=-all{''.join(f',+cap_{number}' for number in procfs.capabilities(leader))}"
        inside = ("nsenter", f"--target={leader}", "--all", "--root", "--wd", "--", "setpriv", limit, "--", *argv)
        child = self._children.spawn(
            group.running(*inside), stdin=descriptors[0], stdout=descriptors[1], stderr=descriptors[2]
        )
        try:
            return await asyncio.shield(child.ended)  # a cancellation must not look like its end
        finally:
            if not child.ended.done():
                group.kill()
            if not group.populated():
                group.remove()

    async def print_journal(self, descriptors: Sequence[int]) -> int:
        """Its journal from the disk, so that it works when the machine is off; returns journalctl's exit status."""
        # The image's own journalctl: an older one may not read what a newer journald wrote.
        argv = ("chroot", str(self._folder.root), "journalctl", "--directory=/var/log/journal", "--no-pager")
        child = self._children.spawn(argv, stdin=descriptors[0], stdout=descriptors[1], stderr=descriptors[2])
        try:
            return await asyncio.shield(child.ended)
        finally:
            if not child.ended.done():
                os.kill(child.pid, signal.SIGKILL)

    async def leader(self) -> int:
        """The process id of the machine's PID 1, in the supervisor's numbering. LabError when the machine is off."""
        while (boot := self.boot) is not None and not boot.over.is_set():
            for pid in self._group.child("payload").processes():
                if procfs.is_init(pid):
                    return pid
            await asyncio.sleep(0.01)
        raise LabError(f"{self.spec.name} is off.", f"Power it on: runbook lab power-on {self.spec.name}{self.option}")

    async def _start_if_wanted(self) -> None:
        async with self._power:
            if self._wanted and self.boot is None:
                await self._start()

    async def _start(self) -> None:
        namespace = await asyncio.to_thread(self._segment.attach, self.spec)
        if not self.plugged:
            await asyncio.to_thread(self._segment.set_plugged, self.spec, False)
        self._group.create()
        self.boot = boot = Boot(namespace, self._spawn_nspawn(namespace))
        log.info("%s: boots, nspawn is %d", self.spec.name, boot.nspawn.pid)
        for work in (self._watch(boot), self._announce(boot)):
            task = asyncio.create_task(work)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _spawn_nspawn(self, namespace: Namespace) -> Child:
        argv = (
            "systemd-nspawn", "--quiet", "--boot", f"--directory={self._folder.root}", f"--machine={self.spec.name}",
            f"--network-namespace-path=/proc/{os.getpid()}/fd/{namespace.descriptor}", "--capability=CAP_NET_ADMIN",
            "--register=no", "--keep-unit", "--settings=no", "--console=pipe", "--link-journal=no",
            "--resolv-conf=off", "--timezone=off",
        )  # fmt: skip
        with self._folder.console.open("ab") as console, Path(os.devnull).open("rb") as nothing:
            return self._children.spawn(
                self._group.running(*argv),
                stdin=nothing.fileno(),
                stdout=console.fileno(),
                stderr=console.fileno(),
                environment={"SYSTEMD_NSPAWN_API_VFS_WRITABLE": "network"},  # else /proc/sys/net is read-only inside
            )

    async def _announce(self, boot: Boot) -> None:
        while not boot.over.is_set():
            if listens(boot.namespace, SSH_PORT):
                boot.ready.set()
                log.info("%s: sshd listens", self.spec.name)
                return
            await asyncio.sleep(0.02)

    async def _watch(self, boot: Boot) -> None:
        status = await boot.nspawn.ended
        log.info("%s: nspawn ended with %d", self.spec.name, status)
        try:
            await asyncio.to_thread(self._segment.detach, self.spec)
            await asyncio.to_thread(self._group.destroy)
        finally:
            self.boot = None
            boot.over.set()
            boot.namespace.close()
        if status == REBOOT_STATUS:
            await self._start_if_wanted()
