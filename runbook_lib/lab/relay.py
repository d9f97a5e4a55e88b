"""Loopback ports that lead into the machines, from inside their own namespaces: a pulled cable doesn't matter."""

from __future__ import annotations

import asyncio
import logging
import socket
from contextlib import suppress

from runbook_lib.lab.machine import Boot, Machine

log = logging.getLogger(__name__)

CHUNK = 256 * 1024
START_WITHIN_S = 10.0
"""How long a connection waits for a machine that is booting."""
CONNECT_WITHIN_S = 5.0


class Relay:
    """One listening port on 127.0.0.1; each connection goes on to `target` from within `machine`'s own namespace."""

    def __init__(self, machine: Machine, target: tuple[str, int]) -> None:
        self._machine = machine
        self._target = target
        self._connections: set[asyncio.Task[None]] = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self._listener.setblocking(False)
        self.port: int = self._listener.getsockname()[1]

    def start(self) -> None:
        """Accept connections from now on."""
        self._serving = asyncio.create_task(self._serve())

    async def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                caller, _ = await loop.sock_accept(self._listener)
            except OSError as error:  # no descriptors left: those who wait get theirs when others end
                log.warning("relay port %d: %s", self.port, error)
                await asyncio.sleep(0.1)
                continue
            task = asyncio.create_task(self._connect_through(caller))
            self._connections.add(task)
            task.add_done_callback(self._connections.discard)

    async def _connect_through(self, caller: socket.socket) -> None:
        # Refused, reset, too late, no holder of the VIP, machine off: the caller sees its connection end.
        with caller, suppress(OSError, TimeoutError):
            if (boot := self._machine.boot) is None:
                return
            async with asyncio.timeout(START_WITHIN_S):
                await boot.ready.wait()
            with _socket_inside(boot) as called:
                async with asyncio.timeout(CONNECT_WITHIN_S):
                    await asyncio.get_running_loop().sock_connect(called, self._target)
                await _pass_on(caller, called, boot)


def _socket_inside(boot: Boot) -> socket.socket:
    # A socket keeps the namespace that it was made in. No await in here: the thread is somewhere else meanwhile.
    with boot.namespace.entered():
        made = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    made.setblocking(False)
    return made


async def _pass_on(one: socket.socket, other: socket.socket, boot: Boot) -> None:
    """Both directions until both have ended, or the machine has: a socket of a dead boot would keep its namespace."""
    for end in (one, other):
        # Without it each small packet of SSH waits for the acknowledgement of the last: 48 ms a command instead of 4.
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    tasks = (asyncio.create_task(_copy_both_ways(one, other)), asyncio.create_task(boot.over.wait()))
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _copy_both_ways(one: socket.socket, other: socket.socket) -> None:
    async with asyncio.TaskGroup() as group:  # an error in one direction ends the other
        group.create_task(_copy(one, other))
        group.create_task(_copy(other, one))


async def _copy(source: socket.socket, sink: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    while chunk := await loop.sock_recv(source, CHUNK):
        await loop.sock_sendall(sink, chunk)
    sink.shutdown(socket.SHUT_WR)
