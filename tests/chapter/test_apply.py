from __future__ import annotations

from collections.abc import Collection
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest

from runbook_lib.chapter.apply import apply_change
from runbook_lib.chapter.change import Change, Command, CopyTree, PushFile, WriteFile
from runbook_lib.errors import CommandError
from runbook_lib.hosts import Completed, Host, OpenSite
from runbook_lib.journal import ChangeMade, Journal, read_journal
from runbook_lib.site import Site

CONFIG = WriteFile("/etc/k.conf", "new\n", before="old\n", mode=0o600)


@dataclass
class FakeHost:
    """Notes what it is asked; `fails` names the commands that fail."""

    name: str
    fails: Collection[str] = ()
    asked: list[object] = field(default_factory=list)

    def run(self, command: str, *values: object, timeout_s: float = 60.0, shown: str = "") -> Completed:
        self.asked.append((command, values, timeout_s))
        return Completed(self.name, command, 1 if command in self.fails else 0, "", "it broke", 0.0)

    def write_file(self, path: str, content: bytes, *, mode: int = 0o644) -> bool:
        self.asked.append((path, content, mode))
        return True

    def push_file(self, local: Path, path: str, *, mode: int = 0o644) -> bool:
        self.asked.append((local, path, mode))
        return True

    def copy_tree_from(self, source: Host, path: str) -> None:
        self.asked.append((source.name, path))


@pytest.fixture
def site(tmp_path: Path) -> OpenSite:
    journal = Journal(tmp_path / "journal.jsonl")
    hosts = cast(Any, {"node128": FakeHost("node128"), "node129": FakeHost("node129", fails=("false",))})
    return OpenSite(Site(), hosts, journal, tmp_path)


def asked(site: OpenSite, host: str) -> list[object]:
    return cast(Any, site.hosts[host]).asked  # type: ignore[no-any-return]


def journalled(site: OpenSite) -> list[ChangeMade]:
    path = site.journal.path
    assert path
    events = [record.event for record in read_journal(path)] if path.exists() else []
    return [event for event in events if isinstance(event, ChangeMade)]


def test_the_actions_are_done_in_order_and_journalled_once(site: OpenSite) -> None:
    actions = (
        Command("mkdir -p %s", ("/a b",), timeout_s=5.0),
        CONFIG,
        PushFile(Path("/tmp/k.tar.gz"), "/root/k.tar.gz", mode=0o755),
        CopyTree("node129", "/usr/local/k"),
    )
    apply_change(site, Change("node128", "install k", actions, was="absent", warning="a substitute"))
    assert asked(site, "node128") == [
        ("mkdir -p %s", ("/a b",), 5.0),
        ("/etc/k.conf", b"new\n", 0o600),
        (Path("/tmp/k.tar.gz"), "/root/k.tar.gz", 0o755),
        ("node129", "/usr/local/k"),
    ]
    (made,) = journalled(site)
    assert (made.host, made.title, made.was, made.warning) == ("node128", "install k", "absent", "a substitute")
    assert made.actions == (
        "mkdir -p '/a b'",
        "write /etc/k.conf",
        "send k.tar.gz to /root/k.tar.gz",
        "copy /usr/local/k from node129",
    )
    assert made.diff == "--- /etc/k.conf\n+++ /etc/k.conf\n@@ -1 +1 @@\n-old\n+new\n"


def test_an_empty_change_does_nothing(site: OpenSite) -> None:
    apply_change(site, Change.none("node128", "k is installed"))
    assert asked(site, "node128") == []
    assert journalled(site) == []


def test_the_first_action_that_fails_is_the_last(site: OpenSite) -> None:
    change = Change("node129", "start k", (Command("true"), Command("false"), CONFIG))
    with pytest.raises(CommandError) as caught:
        apply_change(site, change)
    assert str(caught.value) == "node129: `false` ended with 1: it broke. Run it on node129 by hand to see more."
    assert asked(site, "node129") == [("true", (), 60.0), ("false", (), 60.0)]
    assert journalled(site) == []


def test_the_hint_of_a_change_says_what_to_do_when_a_command_fails(site: OpenSite) -> None:
    change = Change("node129", "start k", (Command("false"),), hint="Notebook 02 builds it.")
    with pytest.raises(CommandError) as caught:
        apply_change(site, change)
    assert str(caught.value) == "node129: `false` ended with 1: it broke. Notebook 02 builds it."


@pytest.mark.parametrize("host", ["node128", "node129"])
def test_a_file_with_a_test_is_tested_beside_its_place_first(site: OpenSite, host: str) -> None:
    tested = replace(CONFIG, tested_by=Command("false"))  # which succeeds on node128 only
    with nullcontext() if host == "node128" else pytest.raises(CommandError):
        apply_change(site, Change(host, "write it", (tested,)))
    assert asked(site, host)[:3] == [
        ("/etc/k.conf.runbook-staged", b"new\n", 0o600),
        ("false", (), 60.0),
        ("rm -f -- %s", ("/etc/k.conf.runbook-staged",), 60.0),
    ]
    assert asked(site, host)[3:] == ([("/etc/k.conf", b"new\n", 0o600)] if host == "node128" else [])
