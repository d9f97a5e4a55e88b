"""One at a time: who starts or takes down a lab, builds an image, fetches jars."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def locked(path: Path, waits: Callable[[], None]) -> Iterator[int]:
    """Hold the lock file `path`, which is gone afterwards; `waits` is called once when somebody else holds it.

    Gives the descriptor that holds it: a child that inherits that one keeps the lock when its parent is killed.
    """
    descriptor = _acquire(path, waits)
    try:
        yield descriptor
    finally:
        path.unlink()
        os.close(descriptor)


def _acquire(path: Path, waits: Callable[[], None]) -> int:
    while True:
        path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except FileNotFoundError:  # the folder was just removed by who took the last lab down
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waits()
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        if _is(path, descriptor):
            return descriptor
        os.close(descriptor)  # the holder before us removed the file that we waited for


def _is(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
