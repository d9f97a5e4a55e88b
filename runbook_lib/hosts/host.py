"""A machine over SSH: run a command, move a file. Every command is an event in the journal."""

from __future__ import annotations

import io
import secrets
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from runbook_lib.errors import HostError, SessionLostError
from runbook_lib.hosts import transfer
from runbook_lib.hosts.connection import Channel, Session
from runbook_lib.hosts.endpoint import Endpoint
from runbook_lib.hosts.framing import Enough, Sink
from runbook_lib.hosts.handshake import HANDSHAKE_S, LoginShell, handshake
from runbook_lib.hosts.leftovers import END_S, UNMARKED, Mark, ending_of_earlier_runs, ending_of_own
from runbook_lib.hosts.quoting import quote
from runbook_lib.hosts.remote_shell import Line, Privilege, render_line
from runbook_lib.hosts.running import Completed, Execution, Running
from runbook_lib.hosts.streams import Lines
from runbook_lib.journal import FileSent, Journal
from runbook_lib.outward import protect

RUN_S = 60.0
GOES_ON_S = 3600.0
LOOK_S = 3.0


@dataclass(frozen=True)
class _Link:
    """A session, and how its user becomes root."""

    session: Session
    privilege: Privilege


class Host:
    """One machine. Opened at the first command, and again at the next one after a reboot. Threads may share it."""

    def __init__(
        self, endpoint: Endpoint | Callable[[], Endpoint], journal: Journal, mark: Mark | None = None, *, name: str = ""
    ) -> None:
        """`mark`: whose its commands are, so that what a lost session left can be found and ended.

        A callable `endpoint` is asked at every connect; with `name` not before the first one.
        """
        self._find = endpoint if callable(endpoint) else lambda: endpoint
        self._journal = journal
        self._link: _Link | None = None
        self._lost = False
        self._mark = mark
        self._lock = threading.Lock()
        self.name = name or self._find().name

    def run(
        self,
        command: str,
        *values: object,
        timeout_s: float = RUN_S,
        stdin: bytes | None = None,
        shown: str = "",
    ) -> Completed:
        """Run `command`, its `%s` slots filled with quoted `values`, as root; any exit status is returned.

        `shown` stands for it in a message.

        Without `stdin` the command reads nothing, and it ends on the host when we are gone. Raises CommandTimeoutError
        when it took more than `timeout_s`, OutputLimitError when it returned more than 32 MiB (it is then ended on the
        host too), UnreachableError when no session could be opened, SessionLostError when the session ended meanwhile:
        then the command may have run.
        """
        body = None if stdin is None else io.BytesIO(stdin)
        return self._execute(quote(command, *values), timeout_s, body, shown=shown)

    def start(self, command: str, *values: object, limit_s: float = GOES_ON_S) -> Running:
        """Start a command that goes on; it ends on the host with `stop()`, with us, or after `limit_s` seconds."""
        lines = Lines()
        return Running(self._begin(quote(command, *values), limit_s, sink=lines.add), lines)

    def read_file(self, path: str) -> bytes | None:
        """The content of `path`; None when nothing is there. Raises CommandError when it can't be read."""
        return transfer.read(self._execute, path)

    def read_text(self, path: str) -> str | None:
        """The content of `path` as text; None when nothing is there. Raises CommandError when it can't be read."""
        content = self.read_file(path)
        return None if content is None else content.decode(errors="replace")

    def write_file(self, path: str, content: bytes, *, mode: int = 0o644) -> bool:
        """Put a whole file in place at once; False when the same was there, with the same mode.

        Its folder is made, its owner stays, links are followed. Raises TransferError: then nothing has changed.
        """
        return self._put(io.BytesIO(content), path, mode)

    def push_file(self, local: Path, path: str, *, mode: int = 0o644) -> bool:
        """The same for a file of the controller, streamed."""
        with transfer.readable(local) as stream:
            return self._put(stream, path, mode)

    def fetch_file(self, path: str, local: Path) -> None:
        """Bring `path` to the controller, whole or not at all. Raises CommandError when it can't be read there."""
        transfer.fetch(self._execute, path, local)

    def copy_tree_from(self, source: Host, path: str) -> None:
        """Make the folder `path` here the same as on `source`: unpacked beside it, then moved to its place.

        Raises TransferError: then the folder is as it was.
        """
        digest = transfer.copy_tree(self.name, source._execute, self._execute, path)
        self._journal.write(FileSent(self.name, path, digest.sha256, digest.bytes, changed=True))

    def end_leftovers(self) -> tuple[str, ...]:
        """End what earlier runs with this owner's mark left here; the commands, for the reader. Raises HostError."""
        if self._mark is None:
            return ()
        command = ending_of_earlier_runs(self._mark)
        ended = self._execute(command, END_S, shown="end what an earlier run left").check()
        return tuple(ended.stdout.splitlines())

    def close(self) -> None:
        """End the session; the next command opens another."""
        self._drop(self._link)

    def _put(self, stream: BinaryIO, path: str, mode: int) -> bool:
        digest = transfer.sha256_of(stream)
        changed = transfer.put(self.name, self._execute, transfer.Arrival(path, digest, mode), stream)
        self._journal.write(FileSent(self.name, path, digest.sha256, digest.bytes, changed))
        return changed

    def _execute(
        self,
        command: str,
        timeout_s: float,
        body: BinaryIO | None = None,
        sink: Sink | None = None,
        shown: str = "",
    ) -> Completed:
        return self._begin(command, timeout_s, body, sink, shown).finish()

    def _begin(
        self,
        command: str,
        limit_s: float,
        body: BinaryIO | None = None,
        sink: Sink | None = None,
        shown: str = "",
    ) -> Execution:
        link, channel = self._open()
        mark = str(self._mark or UNMARKED)
        line = render_line(command, limit_s, link.privilege, nonce=_nonce(), fed=body is not None, mark=mark)
        execution = Execution(self.name, command, limit_s, channel, self._journal, shown)
        return execution.begin(link.session, line, link.privilege.first_line(), body, sink)

    def _open(self) -> tuple[_Link, Channel]:
        """A channel; a session that ended since its last use is opened anew, once: nothing was sent through it."""
        link = self._linked()
        try:
            return link, link.session.open_channel()
        except SessionLostError:
            self._drop(link)
            self._lost = True
            link = self._linked()
            return link, link.session.open_channel()

    def _linked(self) -> _Link:
        with self._lock:
            if self._link is not None and not self._link.session.is_alive:
                self._lost, self._link = True, None
            if self._link is None:
                self._link = self._connect()
            return self._link

    def _connect(self) -> _Link:
        endpoint = self._find()
        for secret in (endpoint.password, endpoint.sudo_password):
            if secret is not None:
                protect(secret)
        session = Session(endpoint)
        try:
            link = _Link(session, self._greeted(session))
            if self._lost and self._mark is not None:
                self._end_left(link, self._mark)
            self._lost = False
            return link
        except BaseException:
            session.close()
            raise

    def _end_left(self, link: _Link, mark: Mark) -> None:
        """End what the session that was lost left on the machine: the same step is likely to be run again now."""
        command = ending_of_own(mark)
        execution = Execution(self.name, command, END_S, link.session.open_channel(), self._journal)
        line = render_line(command, END_S, link.privilege, nonce=_nonce())
        execution.begin(link.session, line, link.privilege.first_line()).finish()

    def _greeted(self, session: Session) -> Privilege:
        def ask(command: str, privilege: Privilege, head: bytes, body: bytes, sink: Sink | None) -> Completed:
            line = render_line(command, HANDSHAKE_S, privilege, nonce=_nonce(), fed=True)
            execution = self._first(session, command, HANDSHAKE_S)
            return execution.begin(session, line, privilege.first_line() + head, io.BytesIO(body), sink).finish()

        def shell() -> str:
            line = Line(quote("getent passwd %s", session.endpoint.user))
            user = LoginShell(session.endpoint.user)
            with suppress(HostError, Enough):
                self._first(session, line.text, LOOK_S).begin(session, line, b"", io.BytesIO(), user.add).finish()
            return user.shell

        return handshake(session.endpoint, ask, shell)

    def _first(self, session: Session, command: str, limit_s: float) -> Execution:
        return Execution(self.name, command, limit_s, session.open_channel(), self._journal, "the session's handshake")

    def _drop(self, link: _Link | None) -> None:
        with self._lock:
            if link is not None and self._link is link:
                link.session.close()
                self._link = None


def _nonce() -> str:
    return secrets.token_hex(8)
