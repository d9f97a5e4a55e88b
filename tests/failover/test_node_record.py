"""The shell that a node runs, run here on folders in place of a node's."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from runbook_lib.chapter import undo_folder
from runbook_lib.failover.faults import node_record

ID = "stop-x-1a2b3c4d"


class Node:
    """The folders of a node, and a systemctl that writes down what it is asked."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.programs, self.asked = folder, folder / "programs", folder / "asked"
        for path in (self.programs, folder / "faults", folder / "units", folder / "stamps"):
            path.mkdir()
        (self.programs / "systemctl").write_text(f'#!/bin/sh\necho "$*" >>{self.asked}\n')
        (self.programs / "systemctl").chmod(0o755)

    def sh(self, script: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PATH": f"{self.programs}:{os.environ['PATH']}"}
        return subprocess.run(["sh", "-c", script], env=environment, check=False, capture_output=True, text=True)

    def record(self, undo: str, fault_id: str = ID, before: str = "") -> Path:
        self.sh(node_record.render_record(fault_id, undo, 1.5, before)).check_returncode()
        return self.folder / "faults" / fault_id

    def files(self) -> list[str]:
        found = (path.relative_to(self.folder) for path in self.folder.rglob("*") if not path.is_dir())
        return sorted(str(path) for path in found if path.parts[0] in ("faults", "units", "stamps"))


@pytest.fixture
def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Node:
    for name, folder in (("FOLDER", "faults"), ("UNITS", "units"), ("STAMPS", "stamps")):
        monkeypatch.setattr(node_record, name, str(tmp_path / folder))
    monkeypatch.setattr(undo_folder, "FOLDER", str(tmp_path / "faults"))
    monkeypatch.setattr(node_record, "LOCK", str(tmp_path / "lock"))
    monkeypatch.setattr(node_record, "AGAIN_AFTER_S", 0)
    return Node(tmp_path)


def test_an_undo_removes_itself_and_its_timer_once_it_succeeded(node: Node) -> None:
    record = node.record("exit 1")
    assert node.sh(f"sh {record}").returncode == 1
    assert node.files() == [
        f"faults/{ID}",
        f"stamps/stamp-runbook-fault-{ID}.timer",
        f"units/runbook-fault-{ID}.service",
        f"units/runbook-fault-{ID}.timer",
        f"units/timers.target.wants/runbook-fault-{ID}.timer",
    ]
    node.record(f"echo undone >>{node.folder}/said")
    assert node.sh(f"sh {record}; sh {record}").returncode != 0  # the second finds no record
    assert (node.folder / "said").read_text() == "undone\n"
    assert node.files() == []
    assert f"stop runbook-fault-{ID}.timer\n" in node.asked.read_text()


def test_an_undo_is_tried_again_once(node: Node) -> None:
    count = node.folder / "count"
    record = node.record(f"echo tried >>{count}; test $(wc -l <{count}) -ge 2")
    assert (node.sh(f"sh {record}").returncode, count.read_text()) == (0, "tried\n" * 2)
    count.unlink()
    record = node.record(f"echo tried >>{count}; exit 3")
    assert (node.sh(f"sh {record}").returncode, count.read_text()) == (3, "tried\n" * 2)


def test_each_command_of_an_undo_must_succeed(node: Node) -> None:
    record = node.record(f"false; touch {node.folder}/gone-on")
    assert node.sh(f"sh {record}").returncode == 1
    assert not (node.folder / "gone-on").exists()


def test_two_who_undo_at_once_come_one_after_the_other(node: Node) -> None:
    said = node.folder / "said"
    record = node.record(f"echo begins >>{said}; sleep 0.3; echo ends >>{said}")
    run = node_record.render_run(ID)
    together = node.sh(f"( {run} ) & a=$!; ( {run} ) & b=$!; wait $a && wait $b")
    assert (together.returncode, together.stderr, said.read_text()) == (0, "", "begins\nends\n")
    assert not record.exists()


def test_an_undo_that_fails_at_its_deadline_is_due_again_at_the_next_boot(node: Node) -> None:
    node.record("exit 1")
    service = (node.folder / f"units/runbook-fault-{ID}.service").read_text()
    command = service.partition("ExecStart=/bin/sh -c '")[2].rstrip("'\n")
    assert node.sh(command).returncode == 1
    assert (node.folder / f"stamps/stamp-runbook-fault-{ID}.timer").stat().st_mtime == 1


def test_the_node_keeps_the_digits_of_what_it_was(node: Node) -> None:
    record = node.record(f'echo "$was" >{node.folder}/was', before="echo 'MainPID=812'; echo \"12'; $(touch /x)\"")
    node.sh(f"sh {record}")
    assert (node.folder / "was").read_text().split() == ["812", "12"]


def test_a_deadline_is_absolute_in_utc_to_the_millisecond(node: Node) -> None:
    node.record("true")
    timer = (node.folder / f"units/runbook-fault-{ID}.timer").read_text()
    assert timer.partition("OnCalendar=20")[0] == (
        f"[Unit]\nDescription=Deadline of {ID}\n[Timer]\nAccuracySec=100ms\nPersistent=true\n"
    )
    assert timer.endswith(" UTC\n")


def test_a_timer_whose_record_was_lost_ends_well_and_takes_itself_away(node: Node) -> None:
    node.record("true").unlink()
    service = (node.folder / f"units/runbook-fault-{ID}.service").read_text()
    node.sh(service.partition("ExecStart=")[2]).check_returncode()
    assert node.files() == []


def test_what_is_no_undo_of_ours_is_listed_and_neither_run_nor_removed(node: Node) -> None:
    node.record("true")
    strangers = ("x", "-rf", "a b", "$(touch y)", "*", "stop-y-12345678")
    for name in strangers:
        (node.folder / "faults" / name).write_text("#!/bin/sh\ntouch ../ran\n")
    (node.folder / "faults" / "stop-z-12345678.part").write_text("half")
    listed = undo_folder.parse_recorded(node.sh(undo_folder.render_list()).stdout)
    assert (listed.records, sorted(listed.others)) == ((ID,), sorted(strangers))
    assert node.sh(node_record.render_undo_every()).stdout == f"undone {ID}\n"
    assert {path.name for path in (node.folder / "faults").iterdir()} == {*strangers, "stop-z-12345678.part"}


def test_an_empty_folder_holds_nothing(node: Node) -> None:
    assert node.sh(undo_folder.render_list()).stdout == ""
    assert node.sh(node_record.render_undo_every()).stdout == ""
    assert node.files() == []
