"""What interrupts a command: Ctrl-C, SIGTERM, a closed terminal (SIGHUP), and a reader that is gone (see `streams`).

The first of them raises KeyboardInterrupt, so that what was begun is undone. Later ones change nothing, since a closed
terminal hangs up twice, by the kernel and by the shell; only another Ctrl-C insists. One that the caller had ignored
(`nohup`) stays ignored.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _Interrupts:
    """Who gets them, and whether one came."""

    def __init__(self) -> None:
        self.came = False
        self.taker: Callable[[], None] = _raise

    def handle(self, number: int, frame: FrameType | None) -> None:
        if self.came and number != signal.SIGINT:
            return
        self.came = True
        self.taker()


def _raise() -> None:
    raise KeyboardInterrupt


_interrupts = _Interrupts()


@contextmanager
def caught() -> Iterator[None]:
    """Inside, SIGNALS interrupt this process as the module says."""
    _interrupts.came = False
    before = {number: signal.getsignal(number) for number in SIGNALS}
    for number in SIGNALS:
        if before[number] is not signal.SIG_IGN:
            signal.signal(number, _interrupts.handle)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def interrupt() -> None:
    """Interrupt this process, from any of its threads."""
    os.kill(os.getpid(), signal.SIGTERM)


@contextmanager
def to(taker: Callable[[], None]) -> Iterator[None]:
    """Inside, an interrupt calls `taker` and raises nothing."""
    before, _interrupts.taker = _interrupts.taker, taker
    try:
        yield
    finally:
        _interrupts.taker = before


@contextmanager
def held() -> Iterator[None]:
    """Inside, interrupts wait for `let_in`: what must be done whatever comes, and takes no long time."""
    with to(lambda: None):
        yield


@contextmanager
def let_in() -> Iterator[None]:
    """Inside, an interrupt raises KeyboardInterrupt, at once where one came while they were held."""
    with to(_raise):
        if _interrupts.came:
            raise KeyboardInterrupt
        yield
