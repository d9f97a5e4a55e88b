"""Ctrl-C and SIGTERM during a run: to the notebook that runs, so that it can undo its fault; else to us."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from runbook_lib.notebook.guard import Guard

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """Where the signals go now."""

    def __init__(self) -> None:
        self._guard: Guard | None = None

    @contextmanager
    def caught(self) -> Iterator[None]:
        """Inside: SIGINT and SIGTERM interrupt the guarded notebook; between notebooks they raise KeyboardInterrupt."""
        before = {number: signal.signal(number, self._handle) for number in SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def to(self, guard: Guard) -> Iterator[None]:
        """Inside: the signals go to this guard."""
        self._guard = guard
        try:
            yield
        finally:
            self._guard = None

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self._guard is None:
            raise KeyboardInterrupt
        self._guard.interrupt()
