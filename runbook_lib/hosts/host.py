"""A machine over SSH: run a command, move a file. Every command is an event in the journal."""

from __future__ import annotations

import contextlib
import io
import threading
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import paramiko

from runbook_lib.errors import CommandError, CommandTimeoutError, UnreachableError
from runbook_lib.hosts import transfer
from runbook_lib.hosts.connection import connect, translated
from runbook_lib.hosts.endpoint import Endpoint
from runbook_lib.hosts.quoting import quote, render_command, render_stdin
from runbook_lib.hosts.running import Lines, Streams, feed
from runbook_lib.journal import CommandRan, FileSent, Journal, shorten

GRACE_S = 5.0
"""How much longer than the host's own limit we wait for a command: its kill, and the way back."""


@dataclass(frozen=True)
class Completed:
    """What a command on a host ended with."""

    host: str
    command: str
    exit_status: int
    stdout: str
    stderr: str
    duration_s: float

    def check(self, *, normal: Collection[int] = (0,)) -> Completed:
        """Itself, when the exit status is a normal one; else raises CommandError with the last lines of stderr."""
        if self.exit_status in normal:
            return self
        said = " | ".join((self.stderr.strip() or self.stdout.strip() or "it said nothing").splitlines()[-3:])
        raise CommandError(
            f"{self.host}: `{shorten(self.command, 200)}` ended with exit status {self.exit_status}: {said}.",
            f"Run it on {self.host} by hand to see more.",
        )


class Host:
    """One machine. Opened at the first command, and again after a reboot."""

    def __init__(self, endpoint: Endpoint | Callable[[], Endpoint], journal: Journal) -> None:
        self._find = endpoint if callable(endpoint) else lambda: endpoint
        self._endpoint = self._find()
        self._journal = journal
        self._transport: paramiko.Transport | None = None
        self._lock = threading.Lock()
        self.name = self._endpoint.name
        for secret in (self._endpoint.password, self._endpoint.sudo_password):
            if secret is not None:
                journal.protect(secret)

    def run(self, command: str, *values: object, timeout_s: float = 60.0, stdin: bytes | None = None) -> Completed:
        """Run `command`, its `%s` slots filled with quoted `values`, as root; any exit status is returned.

        Raises CommandTimeoutError when it took more than `timeout_s` (it is then ended on the host too),
        UnreachableError when the session could not be opened, or was lost while the command may have run.
        """
        line = quote(command, *values)
        return self._execute(line, timeout_s, None if stdin is None else io.BytesIO(stdin))

    def start(self, command: str, *values: object, limit_s: float = 3600.0) -> Running:
        """Start a command that goes on; it ends on the host with `stop()`, with us, or after `limit_s` seconds."""
        line = quote(command, *values)
        lines = Lines()
        begun = _Begun.now(self.name, line)
        channel = self._open(render_command(self._endpoint, line, limit_s, fed=False))
        feed(channel, render_stdin(self._endpoint, fed=False), None)
        return Running(self, begun, channel, Streams(channel, lines.add), lines)

    def read_file(self, path: str) -> bytes | None:
        """The content of `path`; None when nothing is there."""
        content = bytearray()
        done = self._execute(quote("[ -e %s ] || exit 3; cat -- %s", path, path), 60.0, None, sink=content.extend)
        return None if done.check(normal=(0, 3)).exit_status == 3 else bytes(content)

    def write_file(self, path: str, content: bytes, *, mode: int = 0o644, keep_previous: bool = False) -> bool:
        """Put a whole file in place at once; False when the same was there. Raises TransferError: nothing changed.

        `keep_previous` keeps what was there as `PATH.previous`.
        """
        return self._put(path, io.BytesIO(content), transfer.sha256_of(io.BytesIO(content)), mode, keep_previous)

    def push_file(self, local: Path, path: str, *, mode: int = 0o644) -> bool:
        """The same for a file of the controller, streamed."""
        with local.open("rb") as stream:
            digest = transfer.sha256_of(stream)
            stream.seek(0)
            return self._put(path, stream, digest, mode, keep_previous=False)

    def fetch_file(self, path: str, local: Path) -> None:
        """Bring `path` to the controller, whole or not at all. Raises CommandError when it can't be read."""
        part = local.with_name(local.name + ".part")
        try:
            with part.open("wb") as stream:
                self._execute(quote("cat -- %s", path), 600.0, None, sink=stream.write).check()
            part.replace(local)
        finally:
            part.unlink(missing_ok=True)

    def copy_tree_from(self, source: Host, path: str) -> None:
        """Copy the folder `path` of `source` to the same place here: unpacked beside it, then one move."""
        with transfer.spooled() as archive:
            packed = source._execute(quote(*transfer.pack_tree(path)), 600.0, None, sink=archive.write).check()
            archive.seek(0)
            self._execute(quote(*transfer.unpack_tree(path)), 600.0, archive).check()
            self._journal.write(FileSent(self.name, path, "", archive.tell(), changed=packed.exit_status == 0))

    def close(self) -> None:
        """End the session; the next command opens another."""
        with self._lock:
            if self._transport is not None:
                self._transport.close()
            self._transport = None

    def _put(self, path: str, stream: BinaryIO, digest: transfer.Digest, mode: int, keep_previous: bool) -> bool:
        state = self.run(*transfer.file_state(path)).check().stdout
        changed = not transfer.parse_is_same(state, digest, mode)
        if changed:
            done = self._execute(quote(*transfer.place_file(path, digest, mode, keep_previous)), 600.0, stream)
            transfer.check_placed(done.host, path, done.exit_status, done.stderr)
        self._journal.write(FileSent(self.name, path, digest.sha256, digest.bytes, changed))
        return changed

    def _execute(
        self, line: str, timeout_s: float, body: BinaryIO | None, sink: Callable[[bytes], object] | None = None
    ) -> Completed:
        fed = body is not None
        begun = _Begun.now(self.name, line)
        channel = self._open(render_command(self._endpoint, line, timeout_s, fed=fed))
        streams = Streams(channel, sink)
        with contextlib.suppress(OSError):  # it ended without reading all: its exit status tells
            feed(channel, render_stdin(self._endpoint, fed=fed), body)
        return self._finish(begun, channel, streams, timeout_s)

    def _finish(self, begun: _Begun, channel: paramiko.Channel, streams: Streams, timeout_s: float) -> Completed:
        """Wait for the end, journal it, and tell a timeout and a lost session from an exit status."""
        ended = streams.wait(timeout_s + GRACE_S)
        status = channel.exit_status if ended and channel.exit_status >= 0 else None
        done = begun.completed(status, streams)
        # 124 and 137 are `timeout`'s, and could be the command's own: the time that it took tells.
        timed_out = not ended or (status in (124, 137) and done.duration_s >= timeout_s)
        self._journal.write(begun.event(done, status, timed_out))
        channel.close()
        if timed_out:
            raise CommandTimeoutError(
                f"{self.name}: `{shorten(begun.line, 200)}` took more than {timeout_s:g} s and was ended.",
                f"Is {self.name} overloaded, or does the command wait for something?",
            )
        if status is None:
            self.close()
            raise UnreachableError(
                f"{self.name}: the session was lost during `{shorten(begun.line, 200)}`; it may have run.",
                "Is the machine on? Look at its state, then run the step again.",
            )
        return done

    def _open(self, command: str) -> paramiko.Channel:
        """A channel that runs `command`; a session that died before is opened anew, once."""
        for attempt in (1, 2):
            transport = self._session()
            try:
                channel = transport.open_session(timeout=10)
                break
            except (paramiko.SSHException, OSError, EOFError):
                self.close()
                if attempt == 2:
                    with translated(self._endpoint, "closed the session"):
                        raise
        with translated(self._endpoint, "lost the session"):
            channel.exec_command(command)
        return channel

    def _session(self) -> paramiko.Transport:
        with self._lock:
            if self._transport is None or not self._transport.is_active():
                self._endpoint = self._find()
                self._transport = connect(self._endpoint)
            return self._transport


class Running:
    """A command that goes on. Leave its `with` block, or call `stop()`: it ends on the host too."""

    def __init__(self, host: Host, begun: _Begun, channel: paramiko.Channel, streams: Streams, lines: Lines) -> None:
        self._host = host
        self._begun = begun
        self._channel = channel
        self._streams = streams
        self._lines = lines
        threading.Thread(target=self._close_lines, daemon=True).start()

    def __enter__(self) -> Running:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def lines(self) -> Iterator[str]:
        """Lines of stdout as they come, until the command ends."""
        return iter(self._lines)

    def wait(self, timeout_s: float) -> Completed:
        """Wait for its own end. Raises as Host.run does; `stdout` is empty, as lines() had it."""
        return self._host._finish(self._begun, self._channel, self._streams, timeout_s)

    def stop(self, within_s: float = 5.0) -> None:
        """End it on the host (SIGTERM to all of its session), and wait until it is gone."""
        if self._channel.closed:
            return
        with contextlib.suppress(OSError):
            self._channel.shutdown_write()  # the watcher on the host sees the end of stdin
        with contextlib.suppress(CommandTimeoutError, UnreachableError):
            self.wait(within_s)

    def _close_lines(self) -> None:
        self._streams.join()
        self._lines.close()


@dataclass(frozen=True)
class _Begun:
    """When a command began: by UTC for the record, by the monotonic clock for its duration."""

    host: str
    line: str
    start: str
    monotonic_s: float

    @classmethod
    def now(cls, host: str, line: str) -> _Begun:
        return cls(host, line, datetime.now(UTC).isoformat(timespec="milliseconds"), time.monotonic())

    def completed(self, status: int | None, streams: Streams) -> Completed:
        out, err = streams.stdout.decode(errors="replace"), streams.stderr.decode(errors="replace")
        return Completed(self.host, self.line, -1 if status is None else status, out, err, self._elapsed())

    def event(self, done: Completed, status: int | None, timed_out: bool) -> CommandRan:
        out, err = shorten(done.stdout), shorten(done.stderr)
        return CommandRan(self.host, self.line, status, self.start, done.duration_s, out, err, timed_out)

    def _elapsed(self) -> float:
        return round(time.monotonic() - self.monotonic_s, 6)
