"""A command listens to its signals for good; a test only as long as it takes."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from runbook_lib import signals


@contextmanager
def caught() -> Iterator[None]:
    """Inside, SIGNALS interrupt this process as they interrupt a command."""
    before = {number: signal.getsignal(number) for number in signals.SIGNALS}
    signals.listen(signals.SIGNALS)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
