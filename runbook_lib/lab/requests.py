"""What the supervisor does when asked: status, power, cables, exec, logs, and the expiries of power and cables."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict

from runbook_lib.errors import LabError
from runbook_lib.lab.machine import SHUTDOWN_WITHIN_S, Machine
from runbook_lib.lab.protocol import LabStatus, MachineStatus, Request
from runbook_lib.lab.relay import Relay

log = logging.getLogger(__name__)

Done = Mapping[str, object]
NOTHING: Done = {}


class Requests:
    """Answers requests about the lab's machines. An expiry is undone here, whatever became of who asked for it."""

    def __init__(self, name: str, machines: Mapping[str, Machine], ssh: Mapping[str, Relay], vip: Relay) -> None:
        self.started = False
        self._name = name
        self._machines = machines
        self._ssh = ssh
        self._vip = vip
        self._expiries: dict[tuple[str, str], asyncio.Task[None]] = {}

    async def answer(self, request: Request, descriptors: Sequence[int]) -> Done:
        """Do what is asked. Raises LabError when it can't be done."""
        if request.do == "status":
            return asdict(self.status())
        log.info("%s: %s", request.machine, request.do)
        if (machine := self._machines.get(request.machine)) is None:
            raise LabError(
                f"Lab {self._name!r} has no machine {request.machine!r}.", f"Its machines: {', '.join(self._machines)}."
            )
        if request.do in ("exec", "logs"):
            return await self._with_streams(machine, request, descriptors)
        await self._disturb(machine, request)
        return NOTHING

    def status(self) -> LabStatus:
        """The lab now."""
        machines = {
            name: MachineStatus(machine.state, machine.spec.address, self._ssh[name].port, machine.plugged)
            for name, machine in self._machines.items()
        }
        return LabStatus(self._name, "running" if self.started else "starting", machines, self._vip.port)

    async def _with_streams(self, machine: Machine, request: Request, descriptors: Sequence[int]) -> Done:
        if len(descriptors) != 3:
            raise LabError(
                f"{request.do} needs three streams, {len(descriptors)} came.", "Was stdin, stdout or stderr closed?"
            )
        if request.do == "logs":
            return {"status": await machine.print_journal(descriptors)}
        return {"status": await machine.execute(request.argv, descriptors)}

    async def _disturb(self, machine: Machine, request: Request) -> None:
        name, seconds = request.machine, request.seconds
        match request.do:
            case "wait-ssh":
                await wait_ready(machine, seconds or 0.0)
            case "power-on":
                self._cancel("power", name)
                await machine.power_on()
            case "power-off":
                self._expire("power", name, seconds, machine.power_on)
                await machine.power_off()
            case "power-on-later":
                self._expire("power", name, seconds, lambda: _power_on_when_off(machine))
            case "reboot":
                await machine.reboot()
            case "plug":
                self._cancel("cable", name)
                await machine.set_plugged(True)
            case "unplug":
                self._expire("cable", name, seconds, lambda: machine.set_plugged(True))
                await machine.set_plugged(False)
            case _:
                raise LabError(
                    f"The lab's supervisor can't {request.do!r}.", "Was it started by another version of runbook?"
                )

    def _expire(self, what: str, name: str, seconds: float | None, undo: Callable[[], Awaitable[None]]) -> None:
        """Have `undo` done after so long, in place of an earlier expiry; None: no expiry."""
        self._cancel(what, name)
        if seconds is not None:
            self._expiries[what, name] = asyncio.create_task(_after(seconds, undo))

    def _cancel(self, what: str, name: str) -> None:
        if (expiry := self._expiries.pop((what, name), None)) is not None:
            expiry.cancel()


async def _after(seconds: float, undo: Callable[[], Awaitable[None]]) -> None:
    await asyncio.sleep(seconds)
    await undo()


async def _power_on_when_off(machine: Machine) -> None:
    # It shuts itself down, perhaps slower than its expiry: on only once it is off, else nobody would power it on. One
    # that is still on when no shutdown lasts so long has come back by itself, or never went.
    with suppress(TimeoutError):
        await asyncio.wait_for(_off(machine), SHUTDOWN_WITHIN_S)
    await machine.power_on()


async def _off(machine: Machine) -> None:
    while machine.boot is not None:
        await machine.boot.over.wait()


async def wait_ready(machine: Machine, within_s: float) -> None:
    """Until the machine's sshd listens, also when it is off now. LabError when it doesn't within so many seconds."""
    deadline = time.monotonic() + within_s
    while machine.state != "running":
        if time.monotonic() > deadline:
            raise LabError(
                f"{machine.spec.name} is {machine.state} and did not answer SSH within {within_s:.0f} s.",
                f"See `runbook lab logs {machine.spec.name}{machine.option}`.",
            )
        await asyncio.sleep(0.02)
