"""A command that runs in a channel: fed and read at once, so that no full stream holds up another."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import BinaryIO

from runbook_lib.hosts.connection import Channel

CHUNK = 1 << 16
TICK_S = 0.25
"""How long a read or a write waits before it looks whether there is still something to wait for."""
DRAIN_S = 2.0
"""How long after a command's end its streams may be silent: what it left in the background may hold them for ever."""

Sink = Callable[[bytes], object]


class Streams:
    """All three streams of a command, from the moment at which it was started."""

    def __init__(self, channel: Channel, head: bytes, body: BinaryIO | None, sink: Sink | None = None) -> None:
        """`head` then `body` go to its stdin; without a body stdin stays open, as the watcher on the host needs it."""
        self.stdout = bytearray()
        self.stderr = bytearray()
        self._channel = channel
        self._sink = sink or self.stdout.extend
        channel.settimeout(TICK_S)
        self._errors = threading.Thread(target=self._read, args=(channel.recv_stderr, self.stderr.extend), daemon=True)
        self._errors.start()
        if head or body is not None:
            threading.Thread(target=self._feed, args=(head, body), daemon=True).start()

    def wait(self, within_s: float) -> int | None:
        """Read until the command's end; its exit status, None when there is none (yet) after `within_s`."""
        deadline = time.monotonic() + within_s
        self._read(self._channel.recv, self._sink, deadline)
        self._errors.join(max(0.0, deadline - time.monotonic()))
        ended = self._channel.status_event.wait(max(0.0, deadline - time.monotonic()))
        return self._channel.exit_status if ended and self._channel.exit_status >= 0 else None

    @property
    def is_over(self) -> bool:
        """Nothing more will come: the command ended, or its session did."""
        return self._channel.exit_status_ready()

    def _read(self, receive: Callable[[int], bytes], sink: Sink, deadline: float = float("inf")) -> None:
        silent_since = time.monotonic()
        while time.monotonic() < deadline:
            try:
                chunk = receive(CHUNK)
            except TimeoutError:
                if self.is_over and time.monotonic() - silent_since > DRAIN_S:
                    return
                continue
            if not chunk:
                return
            sink(chunk)
            silent_since = time.monotonic()

    def _feed(self, head: bytes, body: BinaryIO | None) -> None:
        # It ended without reading all: its exit status tells. Or `body` can't be read: what arrives is not whole.
        with suppress(OSError, EOFError):  # EOFError: paramiko's, of a session that has ended
            self._send(head)
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
        self._rest = b""

    def add(self, chunk: bytes) -> None:
        """Take a piece of the stream."""
        *whole, self._rest = (self._rest + chunk).split(b"\n")
        for line in whole:
            self._queue.put(line)

    def close(self) -> None:
        """The stream has ended."""
        if self._rest:
            self._queue.put(self._rest)
            self._rest = b""
        self._queue.put(None)

    def __iter__(self) -> Iterator[str]:
        while (line := self._queue.get()) is not None:
            yield line.decode(errors="replace")
        self._queue.put(None)  # whoever iterates again ends too
