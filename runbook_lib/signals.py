"""What interrupts a command: Ctrl-C, SIGTERM, a closed terminal (SIGHUP), and a reader that is gone (see `streams`).

The first of them raises KeyboardInterrupt, so that what was begun is undone. Later ones change nothing, since a closed
terminal hangs up twice, by the kernel and by the shell, and a Ctrl-C may come twice, by the terminal and by the caller;
only another Ctrl-C, a second later or more, insists. One that the caller had ignored
(`nohup`) stays ignored. In a notebook's kernel only SIGINT counts, for each cell anew.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
INSISTS_AFTER_S = 1.0


def _raise() -> None:
    raise KeyboardInterrupt


class _State:
    """Of this process: whether an interrupt came, and who takes it."""

    came_s: float | None = None
    """Monotonic."""
    taker: Callable[[], None] = staticmethod(_raise)


def handle(number: int, frame: FrameType | None) -> None:
    """The handler of each of these signals."""
    now_s = time.monotonic()
    if _State.came_s is None:
        _State.came_s = now_s
    elif number != signal.SIGINT or now_s - _State.came_s < INSISTS_AFTER_S:
        return
    _State.taker()


def listen(numbers: Iterable[signal.Signals], handler: Callable[[int, FrameType | None], None] = handle) -> None:
    """From now on these signals interrupt, but for those that are ignored; none has come so far."""
    _State.came_s = None
    for number in numbers:
        if signal.getsignal(number) is not signal.SIG_IGN:
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
    """Inside, an interrupt waits for the end: an undo that has begun comes to it. One that insists does not wait.

    It is not lost where the block fails: then the failure stands in its notes.
    """
    waiting: list[None] = []
    before = _State.taker
    failed: Exception | None = None

    def take() -> None:
        if waiting:
            before()
        waiting.append(None)

    with to(take):
        try:
            yield
        except Exception as error:  # noqa: BLE001 - raised below, unless an interrupt goes before it
            failed = error
    if waiting:
        try:
            before()
        except KeyboardInterrupt as interrupt:
            if failed is not None:
                interrupt.add_note(f"Not undone: {failed}")
            raise
    if failed is not None:
        raise failed


@contextmanager
def unheard() -> Iterator[None]:
    """Inside, an interrupt changes nothing, but inside of `heard`: what is done whatever comes, and soon."""
    with to(lambda: None):
        yield


@contextmanager
def heard() -> Iterator[None]:
    """Inside, an interrupt raises KeyboardInterrupt; at once, where one came before."""
    with to(_raise):
        if _State.came_s is not None:
            raise KeyboardInterrupt
        yield
