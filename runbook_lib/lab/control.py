"""The control socket: only the lab's user and root may ask, each connection is one request with one reply."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from runbook_lib.errors import LabError
from runbook_lib.lab.protocol import LARGEST_MESSAGE, Request, encode_refusal, encode_reply, parse_request

Answer = Callable[[Request, Sequence[int]], Awaitable[Mapping[str, object]]]
"""What does a request; the descriptors are the caller's, and closed afterwards."""
MOST_DESCRIPTORS = 3

log = logging.getLogger(__name__)


class Control:
    """Listens on `path`, hands each request to `answer`."""

    def __init__(self, path: Path, owner: int, answer: Answer) -> None:
        self._owner = owner
        self._answer = answer
        self._asked: set[asyncio.Task[None]] = set()
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._listener.bind(str(path))
        os.chown(path, owner, -1, follow_symlinks=False)
        self._listener.listen(64)
        self._listener.setblocking(False)

    def start(self) -> None:
        """Accept requests from now on."""
        self._serving = asyncio.create_task(self._serve())

    async def _serve(self) -> None:
        while True:
            caller, _ = await asyncio.get_running_loop().sock_accept(self._listener)
            task = asyncio.create_task(self._serve_one(caller))
            self._asked.add(task)
            task.add_done_callback(self._asked.discard)

    async def _serve_one(self, caller: socket.socket) -> None:
        with caller:
            if peer_user(caller) not in (0, self._owner):
                return
            await _readable(caller)
            message, descriptors, _, _ = socket.recv_fds(caller, LARGEST_MESSAGE, MOST_DESCRIPTORS)
            if not message:  # somebody only looked whether we live
                return
            try:
                reply = await _unless_gone(caller, self._reply(message, descriptors))
            finally:
                for descriptor in descriptors:
                    os.close(descriptor)
            with suppress(OSError):  # the caller left
                caller.send(reply)

    async def _reply(self, message: bytes, descriptors: Sequence[int]) -> bytes:
        try:
            request = parse_request(message)
            return encode_reply(await self._answer(request, descriptors))
        except LabError as error:
            return encode_refusal(error)
        except Exception as error:  # whatever went wrong, the caller gets an answer and the log the rest
            log.exception("while answering a request")
            return encode_refusal(LabError(f"The lab's supervisor failed: {error!r}.", "See its log: supervisor.log"))


def peer_user(connection: socket.socket) -> int:
    """The user id of the process at the other end, as the kernel knows it (unix(7), SO_PEERCRED)."""
    return peer(connection)[1]


def peer(connection: socket.socket) -> tuple[int, int]:
    """Process id and user id at the other end; for a client that is the process which called listen()."""
    pid, user, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    return pid, user


async def _unless_gone(caller: socket.socket, work: Awaitable[bytes]) -> bytes:
    """The result of the work, which is cancelled when the caller hangs up first."""
    doing = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_readable(caller))  # nothing more is sent: readable means the end
    try:
        await asyncio.wait((doing, gone), return_when=asyncio.FIRST_COMPLETED)
    finally:
        gone.cancel()
        if not doing.done():
            doing.cancel()
    with suppress(asyncio.CancelledError):
        return await doing
    return b""


def _set(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)


async def _readable(connection: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    loop.add_reader(connection, _set, ready)
    try:
        await ready
    finally:
        loop.remove_reader(connection)
