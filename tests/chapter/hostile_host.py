"""A machine that answers every command, and gives every file, as a test draws it; it notes all that it is sent."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from runbook_lib.errors import HostError
from runbook_lib.hosts import Completed, Host, quote
from runbook_lib.hosts.running import Running

Answer: TypeAlias = tuple[int, str, str]
"""Exit status, stdout, stderr."""
MARKER = "RUNBOOKMARKER"
"""Stands in everything that the machine says. What it is sent must not have it."""


class HostileHost(Host):
    """Every answer is drawn: exit status, stdout, stderr, the content of a file."""

    def __init__(self, name: str, answer: Callable[[], Answer]) -> None:
        self.name = name
        self._answer = answer
        self.sent: list[str] = []
        self.obeys = False
        """Every command succeeds, whatever the machine says: so that the next one is sent, too."""

    def run(
        self, command: str, *values: object, timeout_s: float = 60.0, stdin: bytes | None = None, shown: str = ""
    ) -> Completed:
        line = quote(command, *values)
        self.sent.append(f"{line}\n{(stdin or b'').decode()}")
        status, stdout, stderr = self._answer()
        return Completed(self.name, line, 0 if self.obeys else status, stdout, stderr, 0.01, shown)

    def start(self, command: str, *values: object, limit_s: float = 60.0) -> Running:
        self.sent.append(quote(command, *values))
        raise HostError("It can't be followed.", "Ask it.")

    def read_file(self, path: str) -> bytes | None:
        self.sent.append(path)
        status, content, _ = self._answer()
        return None if status else content.encode()

    def write_file(self, path: str, content: bytes, *, mode: int = 0o644) -> bool:
        self.sent.append(f"{path}\n{content.decode()}")
        return True

    def push_file(self, local: Path, path: str, *, mode: int = 0o644) -> bool:
        self.sent.append(f"{local}\n{path}")
        return True

    def copy_tree_from(self, source: Host, path: str) -> None:
        self.sent.append(f"{source.name}\n{path}")
