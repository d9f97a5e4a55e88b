"""Child processes of a PID 1: it must collect its own children and every orphan of its namespace."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LANG": "C.UTF-8",
    "TERM": "dumb",
}


@dataclass(frozen=True)
class Child:
    """A process that was started; `ended` gives its exit status, negative for the signal that ended it."""

    pid: int
    ended: asyncio.Future[int]


class Children:
    """All children of this process, in a running loop. Nothing else in the process may wait for a child."""

    # asyncio's own subprocesses wait for one process id each, so orphans would stay zombies for ever.

    def __init__(self) -> None:
        self._waiting: dict[int, asyncio.Future[int]] = {}
        asyncio.get_running_loop().add_signal_handler(signal.SIGCHLD, self._collect)

    def spawn(
        self, argv: Sequence[str], *, stdin: int, stdout: int, stderr: int, environment: Mapping[str, str] | None = None
    ) -> Child:
        """Start a process in a session of its own, with this environment added to a plain one."""
        process = subprocess.Popen(
            argv,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            env={**ENVIRONMENT, **(environment or {})},
            cwd="/",
            start_new_session=True,
        )
        process.returncode = 0  # keeps Popen from waiting for it
        ended = asyncio.get_running_loop().create_future()
        self._waiting[process.pid] = ended
        return Child(process.pid, ended)

    def _collect(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG | os.WUNTRACED)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if os.WIFSTOPPED(status):
                # A machine that shuts down stops all its processes, and an nsenter stops itself with its command. Left
                # so, it never collects the command, and the machine never ends.
                os.kill(pid, signal.SIGCONT)
                continue
            waiting = self._waiting.pop(pid, None)
            if waiting is not None and not waiting.done():
                waiting.set_result(os.waitstatus_to_exitcode(status))
