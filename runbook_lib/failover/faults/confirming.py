"""Be sure: ask a node's probe, or the lab's supervisor, until it says yes or the time is up."""

from __future__ import annotations

import time
from collections.abc import Callable

from runbook_lib.errors import HostError
from runbook_lib.hosts import Host

POLL_S = 0.1


def wait_until(true: Callable[[], bool], within_s: float) -> bool:
    """Whether it came true in time; a machine that can't be asked now may be starting."""
    deadline = time.monotonic() + within_s
    while not _asked(true):
        if time.monotonic() >= deadline:
            return False
        time.sleep(POLL_S)
    return True


def probe(host: Host, command: str) -> bool:
    """Whether a probe ends with 0. Raises HostError."""
    return host.run("sh -c %s", command).exit_status == 0


def _asked(true: Callable[[], bool]) -> bool:
    try:
        return true()
    except HostError:
        return False
