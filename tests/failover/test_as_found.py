"""The undo that puts back keepalived's folder: what it does when it is run, run again, or cut off."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from fakes import FakeHost, open_fake_site

from runbook_lib.errors import HostError
from runbook_lib.failover.faults import node_record
from runbook_lib.failover.trials import as_found

SAVED = "keepalived.conf: the found one\n"
ID = "combinations-1"


class Node:
    """Folders in place of a node's, where a demonstration's files stand and the found ones are saved."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.saved, self.records = folder / "keepalived", folder / "saved", folder / "faults"
        self.programs = folder / "programs"
        for path in (self.folder, self.saved / ID, self.records, self.programs):
            path.mkdir(parents=True)
        (self.folder / "keepalived.conf").write_text("the demonstration's\n")
        (self.folder / "new.sh").write_text("new\n")
        (self.saved / ID / "keepalived.conf").write_text(SAVED)
        self.replace("systemctl", f"echo $* >>{folder}/reloads")
        self.record = self.records / ID
        self.record.write_text(node_record.render_undo(ID, as_found.render_restore(ID)))
        self.reloads = folder / "reloads"

    def replace(self, program: str, script: str) -> None:
        (self.programs / program).write_text(f"#!/bin/sh\n{script}\n")
        (self.programs / program).chmod(0o755)

    def undo(self) -> int:
        path = f"{self.programs}:{os.environ['PATH']}"
        return subprocess.run(["sh", self.record], env={"PATH": path}, check=False, capture_output=True).returncode

    def found(self) -> dict[str, str]:
        return {path.name: path.read_text() for path in self.folder.iterdir()}


@pytest.fixture
def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Node:
    for module, name, folder in (
        (as_found, "FOLDER", "keepalived"), (as_found, "SAVED", "saved"), (node_record, "FOLDER", "faults"),
        (node_record, "UNITS", "units"), (node_record, "STAMPS", "stamps"),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, str(tmp_path / folder))
    monkeypatch.setattr(node_record, "AGAIN_AFTER_S", 0)
    return Node(tmp_path)


def test_what_was_found_is_there_again_and_nothing_else(node: Node) -> None:
    assert node.undo() == 0
    assert node.found() == {"keepalived.conf": SAVED}
    assert "reload-or-restart keepalived.service" in node.reloads.read_text().splitlines()
    assert list(node.saved.iterdir()) == []
    assert not node.record.exists()


@pytest.mark.parametrize(
    ("program", "fails"),
    [
        ("cp", "echo half >${3:-$2}; exit 1"),  # a full disk
        ("mv", "exit 1"),
        ("systemctl", "exit 1"),
    ],
)
def test_one_that_fails_keeps_what_was_saved_and_can_be_run_again(node: Node, program: str, fails: str) -> None:
    good = (node.programs / program).read_text() if program == "systemctl" else None
    node.replace(program, fails)
    assert node.undo() != 0
    assert (node.saved / ID / "keepalived.conf").read_text() == SAVED
    assert node.record.exists()
    (node.programs / program).unlink()
    if good is not None:
        node.replace(program, good.partition("\n")[2])
    assert node.undo() == 0
    assert node.found() == {"keepalived.conf": SAVED}


def test_one_that_was_cut_off_after_all_was_done_takes_nothing_away(node: Node) -> None:
    (node.saved / ID).rename(node.saved / f"{ID}.done")
    (node.folder / "keepalived.conf").write_text(SAVED)
    assert node.undo() == 0
    assert "keepalived.conf" in node.found()
    assert list(node.saved.iterdir()) == []
    assert not node.record.exists()


RESTORED = "sh -c ( flock 9; test ! -e /var/lib/runbook/faults/"
"""Begins the command that puts back what was found."""


def failing(command: str) -> tuple[int, str]:
    return (1, "mv: disk error\n") if command.startswith(RESTORED) else (0, "")


def test_an_interrupt_stays_one_where_what_was_found_can_not_be_put_back(tmp_path: Path) -> None:
    site, master = open_fake_site(tmp_path)
    backup = site.hosts["node128"]
    assert isinstance(backup, FakeHost)
    master.answer = backup.answer = failing
    with pytest.raises(KeyboardInterrupt) as ended, as_found.as_found(site, "tuning", 60.0):
        raise KeyboardInterrupt
    (told,) = ended.value.__notes__
    assert told.startswith(f"Not undone: node129: `{RESTORED}tuning-")
    assert told.endswith(" ended with 1: mv: disk error. Run it on node129 by hand to see more.")
    assert all(any(line.startswith(RESTORED) for line in host.commands) for host in (master, backup))
    assert "interrupted, and not undone: node129: " in (tmp_path / "journal.jsonl").read_text()


def test_an_interrupted_one_waits_for_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[object] = []
    monkeypatch.setattr(as_found, "wait_for_nodes", waited.append)
    site, _ = open_fake_site(tmp_path)
    with pytest.raises(KeyboardInterrupt), as_found.as_found(site, "tuning", 60.0):
        raise KeyboardInterrupt
    assert waited == []
    with as_found.as_found(site, "tuning", 60.0):
        pass
    assert waited == [site]


def test_an_error_that_left_something_behind_says_so(tmp_path: Path) -> None:
    site, master = open_fake_site(tmp_path)
    master.answer = failing
    with pytest.raises(HostError) as ended, as_found.as_found(site, "tuning", 60.0):
        raise HostError("node128: no answer.", "")
    assert ended.value.what.endswith("ended with 1: mv: disk error.")
