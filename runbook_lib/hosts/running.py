"""A command that runs on a host: both its streams are read at once, and its end is awaited against a deadline."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from typing import BinaryIO

import paramiko

CHUNK = 1 << 16


class Streams:
    """Reads a channel's stdout and stderr, each in a thread: a full stderr never stops stdout."""

    def __init__(self, channel: paramiko.Channel, sink: Callable[[bytes], object] | None = None) -> None:
        self.stdout = bytearray()
        self.stderr = bytearray()
        self._channel = channel
        self._threads = (
            threading.Thread(target=self._read, args=(channel.recv, sink or self.stdout.extend), daemon=True),
            threading.Thread(target=self._read, args=(channel.recv_stderr, self.stderr.extend), daemon=True),
        )
        for thread in self._threads:
            thread.start()

    @staticmethod
    def _read(receive: Callable[[int], bytes], sink: Callable[[bytes], object]) -> None:
        try:
            while chunk := receive(CHUNK):
                sink(chunk)
        except OSError:
            return  # the channel was closed under us: the exit status, or its lack, says so

    def join(self) -> None:
        """Wait for the end of both streams, however long."""
        for thread in self._threads:
            thread.join()

    def wait(self, within_s: float) -> bool:
        """Wait for the end of both streams and the exit status; False when the time is up."""
        deadline = time.monotonic() + min(within_s, threading.TIMEOUT_MAX / 2)
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        ended = not any(thread.is_alive() for thread in self._threads)
        return ended and self._channel.status_event.wait(max(0.0, deadline - time.monotonic()))


def feed(channel: paramiko.Channel, head: bytes, body: BinaryIO | None) -> None:
    """Send `head`, then all of `body` and its end; without a body stdin stays open, as the watcher needs it."""
    if head:
        channel.sendall(head)
    if body is not None:
        while chunk := body.read(CHUNK):
            channel.sendall(chunk)
        channel.shutdown_write()


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
        self._queue.put(None)

    def __iter__(self) -> Iterator[str]:
        while (line := self._queue.get()) is not None:
            yield line.decode(errors="replace")
