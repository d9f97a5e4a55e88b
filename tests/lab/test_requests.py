"""The expiry of a machine's shutdown, in the supervisor."""

from __future__ import annotations

import asyncio

import pytest

from runbook_lib.lab import requests


class Boot:
    def __init__(self) -> None:
        self.over = asyncio.Event()


class Machine:
    """On until its boot is over."""

    def __init__(self) -> None:
        self.boot: Boot | None = Boot()
        self.powered_on = 0

    def goes_off(self) -> None:
        assert self.boot is not None
        over, self.boot = self.boot.over, None
        over.set()

    async def power_on(self) -> None:
        self.powered_on += 1


def test_a_machine_that_shuts_down_is_powered_on_once_it_is_off() -> None:
    async def story() -> tuple[int, int]:
        machine = Machine()
        expiry = asyncio.create_task(requests._power_on_when_off(machine))  # type: ignore[arg-type]
        await asyncio.sleep(0)
        before = machine.powered_on
        machine.goes_off()
        await expiry
        return before, machine.powered_on

    assert asyncio.run(story()) == (0, 1)


def test_the_expiry_of_one_that_came_back_by_itself_does_not_wait_for_its_next_shutdown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(requests, "SHUTDOWN_WITHIN_S", 0.01)

    async def story() -> int:
        machine = Machine()
        async with asyncio.timeout(5):
            await requests._power_on_when_off(machine)  # type: ignore[arg-type]
        machine.goes_off()
        await asyncio.sleep(0)
        return machine.powered_on

    assert asyncio.run(story()) == 1
