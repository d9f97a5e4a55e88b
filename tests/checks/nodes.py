"""Machines that answer what a test tells them to, for the checks that ask before they judge."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from runbook_lib.errors import UnreachableError
from runbook_lib.hosts import Completed, Host, OpenSite
from runbook_lib.journal import Journal
from runbook_lib.site import parse_site

Answer = Callable[[str], tuple[int, str, str]]
"""To a command: exit status, stdout, stderr."""


def silent(command: str) -> tuple[int, str, str]:
    return 0, "", ""


def lost(command: str) -> tuple[int, str, str]:
    raise UnreachableError("node128 (192.168.42.128:22) can't be reached over SSH: timed out.", "Is it on?")


class FakeHost(Host):
    """Has these files, and answers every command through `answer`."""

    def __init__(self, name: str, answer: Answer = silent, files: Mapping[str, str] | None = None) -> None:
        self.name = name
        self.answer = answer
        self.files = files or {}

    def run(
        self, command: str, *values: object, timeout_s: float = 60.0, stdin: bytes | None = None, shown: str = ""
    ) -> Completed:
        line = command % values
        return Completed(self.name, line, *self.answer(line), 0.01)

    def read_file(self, path: str) -> bytes | None:
        return self.files[path].encode() if path in self.files else None


def open_fake(*hosts: FakeHost, **values: object) -> OpenSite:
    """A site of these machines; its journal keeps nothing."""
    return OpenSite(parse_site(values), {host.name: host for host in hosts}, Journal(None), Path())
