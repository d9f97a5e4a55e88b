"""What interrupts a command: Ctrl-C, SIGTERM, a closed terminal (SIGHUP), and a reader that is gone (see `streams`).

The first of them raises KeyboardInterrupt, so that what was begun is undone. Later ones change nothing, since a closed
terminal hangs up twice, by the kernel and by the shell; only another Ctrl-C insists. One that the caller had ignored
(`nohup`) stays ignored. In a notebook's kernel only SIGINT counts, for each cell anew.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _raise() -> None:
    raise KeyboardInterrupt


class _State:
    """Of this process: whether an interrupt came, and who takes it."""

    came = False
    taker: Callable[[], None] = staticmethod(_raise)


def handle(number: int, frame: FrameType | None) -> None:
    """The handler of each of these signals."""
    if _State.came and number != signal.SIGINT:
        return
    _State.came = True
    _State.taker()


def listen(numbers: Iterable[signal.Signals], handler: Callable[[int, FrameType | None], None] = handle) -> None:
    """From now on these signals interrupt, but for those that are ignored; none has come so far."""
    _State.came = False
    for number in numbers:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)


@contextmanager
def caught() -> Iterator[None]:
    """Inside, SIGNALS interrupt this process as the module says."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    listen(SIGNALS)
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
    before, _State.taker = _State.taker, taker
    try:
        yield
    finally:
        _State.taker = before


@contextmanager
def held() -> Iterator[None]:
    """Inside, an interrupt waits for the end: an undo that has begun comes to it. One that insists does not wait."""
    waiting: list[None] = []
    before = _State.taker

    def take() -> None:
        if waiting:
            before()
        waiting.append(None)

    with to(take):
        yield
    if waiting:
        before()


@contextmanager
def unheard() -> Iterator[None]:
    """Inside, an interrupt changes nothing, but inside of `heard`: what is done whatever comes, and soon."""
    with to(lambda: None):
        yield


@contextmanager
def heard() -> Iterator[None]:
    """Inside, an interrupt raises KeyboardInterrupt; at once, where one came before."""
    with to(_raise):
        if _State.came:
            raise KeyboardInterrupt
        yield
