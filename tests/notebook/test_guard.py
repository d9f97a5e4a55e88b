"""The guard interrupts first, and kills only what doesn't end."""

from __future__ import annotations

import threading

from runbook_lib.notebook.guard import Guard, Stop

WITHIN_S = 5.0


class FakeKernel:
    def __init__(self) -> None:
        self.interrupted = threading.Event()
        self.killed = threading.Event()

    def interrupt(self) -> None:
        self.interrupted.set()

    def kill(self) -> None:
        self.killed.set()


def test_a_cell_in_its_time_is_left_alone() -> None:
    kernel = FakeKernel()
    guard = Guard(kernel, limit_s=1)
    guard.cell_begins()
    guard.cell_ends()
    assert not kernel.interrupted.wait(1.5)
    assert guard.stop is Stop.NOT


def test_a_cell_over_its_time_is_interrupted_then_killed() -> None:
    kernel = FakeKernel()
    guard = Guard(kernel, limit_s=0.01, grace_s=0.01)
    guard.cell_begins()
    assert kernel.interrupted.wait(WITHIN_S)
    assert kernel.killed.wait(WITHIN_S)
    assert guard.stop is Stop.TIMED_OUT


def test_an_interrupted_cell_has_time_for_its_undo() -> None:
    kernel = FakeKernel()
    guard = Guard(kernel, grace_s=60)
    guard.interrupt()
    assert kernel.interrupted.wait(WITHIN_S)
    guard.cell_ends()
    assert guard.stop is Stop.INTERRUPTED
    assert not kernel.killed.is_set()


def test_the_second_interrupt_kills() -> None:
    kernel = FakeKernel()
    guard = Guard(kernel, grace_s=60)
    guard.interrupt()
    guard.interrupt()
    assert kernel.killed.wait(WITHIN_S)
    guard.cell_ends()
