"""A command that runs in a channel: fed and read at once, so that no full stream holds up another."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import BinaryIO

from runbook_lib.hosts.connection import Channel
from runbook_lib.hosts.framing import MEMORY_BYTES, Enough, FramedStream, Meter, OutputLimitReached, Sink

CHUNK = 1 << 16
TICK_S = 0.25
"""How long a read or a write waits before it looks whether there is still something to wait for."""
DRAIN_S = 2.0
"""How long after a command's end its streams may be silent: what it left in the background may hold them for ever."""
LINE_COSTS = 64
"""Bytes of memory that a line takes beside its own."""


class Streams:
    """All three streams of a command, from the moment at which it was started."""

    def __init__(self, channel: Channel, nonce: str, head: bytes, body: BinaryIO | None, sink: Sink | None) -> None:
        """`head` goes to its stdin at once, `body` when the command has begun: nobody else shall read that.

        Without a body stdin stays open, as the watcher on the host needs it.
        """
        self.stdout = bytearray()
        self.stderr = bytearray()
        self.enough: Enough | None = None
        """What a sink raised."""
        kept = Meter(MEMORY_BYTES)
        self._out = FramedStream(nonce, sink or kept.limited(self.stdout.extend))
        self._err = FramedStream(nonce, kept.limited(self.stderr.extend))
        self._channel = channel
        channel.settimeout(TICK_S)
        self._errors = threading.Thread(target=self._read, args=(channel.recv_stderr, self._err), daemon=True)
        self._errors.start()
        if head or body is not None:
            threading.Thread(target=self._feed, args=(head, body), daemon=True).start()

    def wait(self, within_s: float) -> int | None:
        """Read until the command's end; its exit status, None when there is none (yet) after `within_s`.

        Also None as soon as a sink wants no more.
        """
        deadline = time.monotonic() + within_s
        self._read(self._channel.recv, self._out, deadline)
        if self.enough is None:
            self._errors.join(max(0.0, deadline - time.monotonic()))
        if self.enough is not None:  # which may have been raised there
            return None
        ended = self._channel.status_event.wait(max(0.0, deadline - time.monotonic()))
        return self._channel.exit_status if ended and self._channel.exit_status >= 0 else None

    @property
    def is_over(self) -> bool:
        """Nothing more will come: the command ended, or its session did."""
        return self._channel.exit_status_ready()

    @property
    def has_begun(self) -> bool:
        """Both streams are the command's."""
        return self._out.begun.is_set() and self._err.begun.is_set()

    @property
    def noise(self) -> str:
        """The end of what was said before the command began."""
        return (self._err.noise or self._out.noise).decode(errors="replace")

    def _read(self, receive: Callable[[int], bytes], frame: FramedStream, deadline: float = float("inf")) -> None:
        silent_since = time.monotonic()
        while time.monotonic() < deadline and self.enough is None:
            try:
                chunk = receive(CHUNK)
            except TimeoutError:
                if self.is_over and time.monotonic() - silent_since > DRAIN_S:
                    return
                continue
            if not chunk:
                return
            try:
                frame.add(chunk)
            except Enough as enough:
                self.enough = enough
            silent_since = time.monotonic()

    def _feed(self, head: bytes, body: BinaryIO | None) -> None:
        # It ended without reading all: its exit status tells. Or `body` can't be read: what arrives is not whole.
        with suppress(OSError, EOFError):  # EOFError: paramiko's, of a session that has ended
            self._send(head)
            while body is not None and not self._out.begun.wait(TICK_S):
                if self.is_over:
                    return
            while body is not None and (chunk := body.read(CHUNK)):
                self._send(chunk)
        if body is not None:
            with suppress(OSError, EOFError):
                self._channel.shutdown_write()

    def _send(self, data: bytes) -> None:
        while data:
            try:
                sent = self._channel.send(data)
            except TimeoutError:
                if self.is_over:
                    return
                continue
            if sent == 0:  # the other end closed it
                raise BrokenPipeError
            data = data[sent:]


class Lines:
    """Stdout of a command that goes on, as text lines while they come."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._rest = bytearray()
        self._unread = 0
        self._lock = threading.Lock()

    def add(self, chunk: bytes) -> None:
        """Take a piece of the stream. Raises OutputLimitReached."""
        with self._lock:
            self._unread += len(chunk) + chunk.count(b"\n") * LINE_COSTS
            if self._unread > MEMORY_BYTES:
                raise OutputLimitReached(MEMORY_BYTES)
        head, newline, tail = chunk.rpartition(b"\n")
        if newline:
            for line in bytes(self._rest + head).split(b"\n"):
                self._queue.put(line)
            self._rest.clear()
        self._rest += tail

    def close(self) -> None:
        """The stream has ended."""
        if self._rest:
            self._queue.put(bytes(self._rest))
            self._rest.clear()
        self._queue.put(None)

    def __iter__(self) -> Iterator[str]:
        while (line := self._queue.get()) is not None:
            with self._lock:
                self._unread -= len(line) + 1 + LINE_COSTS
            yield line.decode(errors="replace")
        self._queue.put(None)  # whoever iterates again ends too
