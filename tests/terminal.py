"""A command on a terminal of its own, which can be closed under it."""

from __future__ import annotations

import os
import pty
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

LISTENING = ("env", "--default-signal=HUP,INT,TERM")
"""Before a command: a test session in the background has SIGINT ignored, and so would the command have."""


@dataclass
class OnTerminal:
    """It leads the terminal's session, as a shell does."""

    process: subprocess.Popen[bytes]
    _master: int

    def read(self) -> str:
        """What it has written since."""
        return os.read(self._master, 65536).decode(errors="replace")

    def close(self) -> None:
        """As a window is closed: SIGHUP to the session, and every later write fails (EIO)."""
        os.close(self._master)
        self._master = -1


@contextmanager
def on_a_terminal(argv: Sequence[str], cwd: Path | None = None) -> Iterator[OnTerminal]:
    """Start it; at the end it is killed, if it still runs."""
    master, slave = pty.openpty()
    session = ["setsid", "--ctty", *LISTENING, *argv]
    process = subprocess.Popen(session, stdin=slave, stdout=slave, stderr=slave, cwd=cwd)
    os.close(slave)
    terminal = OnTerminal(process, master)
    try:
        yield terminal
    finally:
        process.kill()
        process.wait()
        if terminal._master >= 0:
            os.close(terminal._master)
