"""A host that writes down what it is asked, for the tests of this room."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from runbook_lib.hosts import Completed, Host, OpenSite
from runbook_lib.journal import Journal
from runbook_lib.site import parse_site


class FakeHost(Host):
    """Answers every command through `answer`, and keeps what it was asked and given."""

    def __init__(self, name: str, answer: Callable[[str], tuple[int, str]] = lambda command: (0, "")) -> None:
        self.name = name
        self.answer = answer
        self.commands: list[str] = []
        self.files: dict[str, str] = {}

    def run(
        self, command: str, *values: object, timeout_s: float = 60.0, stdin: bytes | None = None, shown: str = ""
    ) -> Completed:
        line = command % values
        self.commands.append(line)
        status, stdout = self.answer(line)
        return Completed(self.name, line, status, stdout, "", 0.01)

    def write_file(self, path: str, content: bytes, *, mode: int = 0o644) -> bool:
        self.files[path] = content.decode()
        return True


def open_fake_site(
    folder: Path, answer: Callable[[str], tuple[int, str]] = lambda command: (0, ""), **values: object
) -> tuple[OpenSite, FakeHost]:
    """A site of fake hosts, its journal in `folder`; and its MASTER."""
    hosts = {name: FakeHost(name, answer) for name in ("node129", "node128", "observer")}
    site = OpenSite(parse_site(values), hosts, Journal(folder / "journal.jsonl"), folder)
    return site, hosts["node129"]
