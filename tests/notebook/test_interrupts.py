"""Where Ctrl-C and SIGTERM go."""

from __future__ import annotations

import signal

import pytest

from runbook_lib.notebook.guard import Guard, Stop
from runbook_lib.notebook.interrupts import Interrupts


class Kernel:
    def interrupt(self) -> None:
        pass

    def kill(self) -> None:
        pass


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_during_a_notebook_they_are_its_guards(number: signal.Signals) -> None:
    guard, interrupts = Guard(Kernel()), Interrupts()
    with interrupts.caught(), interrupts.to(guard):
        signal.raise_signal(number)
    assert guard.stop is Stop.INTERRUPTED
    guard.cell_ends()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_between_notebooks_they_end_the_run(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt), Interrupts().caught():
        signal.raise_signal(number)
    assert signal.getsignal(number) is before
