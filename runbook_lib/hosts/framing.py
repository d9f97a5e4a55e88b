"""What a stream carries before its command begins is not the command's, and what it carries is limited."""

from __future__ import annotations

import threading
from collections.abc import Callable

MEMORY_BYTES = 32 << 20
"""What both streams of a command may keep in memory."""
DISK_BYTES = 1 << 30
"""What a stream may write to the controller's disk."""
NOISE_BYTES = 4096

Sink = Callable[[bytes], object]


class Enough(Exception):  # noqa: N818 - a signal between a sink and its reader, no error of a caller's
    """A sink wants no more: the command is ended."""


class OutputLimitReached(Enough):
    """A sink took all that it takes."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit


class FramedStream:
    """A stream: what comes before the line with the nonce is dropped (a login shell's start files talk)."""

    def __init__(self, nonce: str, sink: Sink) -> None:
        self._line = f"\n{nonce}\n".encode()
        self._sink = sink
        self.begun = threading.Event()
        self.noise = b""
        """The end of what was dropped."""
        if not nonce:
            self.begun.set()

    def add(self, chunk: bytes) -> None:
        """Take a piece of the stream. Raises OutputLimitReached."""
        if self.begun.is_set():
            self._sink(chunk)
            return
        noise, line, rest = (self.noise + chunk).partition(self._line)
        self.noise = noise[-NOISE_BYTES:]
        if line:
            self.begun.set()
            if rest:
                self._sink(rest)


class Meter:
    """How much some sinks have taken together."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._taken = 0
        self._lock = threading.Lock()

    def limited(self, sink: Sink) -> Sink:
        """The sink, raising OutputLimitReached instead of taking more."""

        def take(chunk: bytes) -> None:
            with self._lock:
                self._taken += len(chunk)
            if self._taken > self._limit:
                raise OutputLimitReached(self._limit)
            sink(chunk)

        return take
