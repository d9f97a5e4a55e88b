"""A guard over a kernel that runs a notebook: the time limit of each cell, and the interrupt from outside."""

from __future__ import annotations

import threading
from collections.abc import Callable
from enum import StrEnum
from typing import Protocol

CELL_LIMIT_S = 6 * 3600.0
"""A last resort: each command on a host has its own, shorter limit. Twenty trials of every fault take over an hour."""
GRACE_S = 180.0
"""How long an interrupted cell may take to undo its fault: a machine's boot, its services, a probe that confirms."""


class Stop(StrEnum):
    """Why a notebook was stopped from outside."""

    NOT = ""
    INTERRUPTED = "interrupted"
    TIMED_OUT = "timed out"


class Interruptible(Protocol):
    """What the guard needs of a kernel."""

    def interrupt(self) -> None:
        """KeyboardInterrupt in the running cell."""

    def kill(self) -> None:
        """End it at once."""


class Guard:
    """Interrupts first, so that the cell can undo its fault; kills when that takes too long."""

    def __init__(self, kernel: Interruptible, *, limit_s: float = CELL_LIMIT_S, grace_s: float = GRACE_S) -> None:
        self.stop = Stop.NOT
        self._kernel = kernel
        self._limit_s = limit_s
        self._grace_s = grace_s
        self._timer: threading.Timer | None = None

    def cell_begins(self) -> None:
        """Start the cell's time."""
        self._after(self._limit_s, self._time_is_up)

    def cell_ends(self) -> None:
        """The cell came to its end."""
        if self._timer is not None:
            self._timer.cancel()

    def interrupt(self) -> None:
        """Somebody pressed Ctrl-C: the first time the cell is interrupted, the second time its kernel killed."""
        if self.stop is Stop.NOT:
            self._stop_cell(Stop.INTERRUPTED)
        else:
            # A thread: signal handlers run in the main one, whose event loop is waiting for the kernel.
            threading.Thread(target=self._kernel.kill).start()

    def _time_is_up(self) -> None:
        if self.stop is Stop.NOT:
            self._stop_cell(Stop.TIMED_OUT)

    def _stop_cell(self, why: Stop) -> None:
        self.stop = why
        self._after(self._grace_s, self._kernel.kill)
        threading.Thread(target=self._kernel.interrupt).start()

    def _after(self, seconds: float, do: Callable[[], object]) -> None:
        self.cell_ends()
        self._timer = threading.Timer(seconds, do)
        self._timer.daemon = True
        self._timer.start()
