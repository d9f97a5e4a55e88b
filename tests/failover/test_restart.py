"""Stopped on purpose, and whether it came back by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from fakes import FakeHost, open_fake_site

from runbook_lib.chapter.status import NodeStatus
from runbook_lib.checks.verdict import Check, Skipped, Verdict
from runbook_lib.errors import CommandError
from runbook_lib.failover.faults.node_commands import started
from runbook_lib.failover.trials import restart
from runbook_lib.failover.trials.restart import (
    Stopped,
    judge_restarted,
    keepalived_came_back,
    openresty_came_back,
    restart_backup,
    stop_openresty_once,
)
from runbook_lib.hosts import OpenSite
from runbook_lib.journal import FaultApplied, FaultRecorded, FaultUndone, Noted, read_journal

STATUS = NodeStatus("node128", "active", "10:00:00 UTC", 812, "BACKUP")
STOP = "/usr/local/openresty/bin/openresty -s stop"
STOPPED = Stopped("node129", "openresty.service", STOP, 700, by_itself=True)
RESTARTED = Stopped("node128", "keepalived.service", "systemctl restart keepalived.service", 700, by_itself=True)
NOT_RESTARTED = "It was not restarted: journalctl -u keepalived.service -n 50"
IN_FAULT = "Its cable is out, or its check script fails (run it there by hand)."
NOT_BACKUP = "It waits for its script's first run; MASTER means that it hears no MASTER (04)."

CameBack = Callable[[OpenSite, Stopped | Skipped], Check]


class Node:
    """A node whose unit has the PIDs `after` in turn once it was stopped or restarted; the last one stays."""

    def __init__(self, *after: int, active: str = "active", log: str = "(VI_1) Entering BACKUP STATE\n") -> None:
        self.pid = 700
        self.after = list(after)
        self.active = active
        self.log = log
        self.stopped = False

    def __call__(self, command: str) -> tuple[int, str]:
        if "-s stop" in command or "systemctl restart" in command:
            self.stopped = True
        if "date +%s" in command:
            return 0, "1700000000.25\n"
        if command.endswith("-p Restart"):
            return 0, "Restart=always\n"
        if command.startswith("systemctl show"):
            if self.stopped and self.after:
                self.pid = self.after.pop(0)
            state = self.active if self.stopped else "active"
            return 0, f"ActiveState={state}\nActiveEnterTimestamp=10:00:00 UTC\nMainPID={self.pid}\n"
        return 0, self.log if command.startswith("journalctl") else ""


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for what does not come."""
    monkeypatch.setattr(restart, "BACK_WITHIN_S", 0.05)
    monkeypatch.setattr(restart, "LOOK_EVERY_S", 0.001)


def events(folder: Path) -> list[object]:
    return [record.event for record in read_journal(folder / "journal.jsonl")]


def test_openresty_is_stopped_as_a_fault_with_its_undo(tmp_path: Path) -> None:
    site, master = open_fake_site(tmp_path, Node(700, 0, 812))
    assert stop_openresty_once(site) == STOPPED
    applied = next(place for place, command in enumerate(master.commands) if STOP in command)
    looked = [place for place, command in enumerate(master.commands) if command.startswith("systemctl show")]
    undone = next(place for place, command in enumerate(master.commands) if command.startswith("sh -c ( flock"))
    assert (len(looked), looked[0] < applied < looked[1], looked[-1] < undone) == (4, True, True)
    recorded, moment, gone = events(tmp_path)
    assert isinstance(recorded, FaultRecorded)
    assert (recorded.fault, recorded.host, recorded.undo) == (
        "stop-openresty", "node129", started("openresty.service")
    )  # fmt: skip
    assert moment == FaultApplied(recorded.fault_id, at="2023-11-14T22:13:20.250000+00:00")
    assert gone == FaultUndone(recorded.fault_id, confirmed=True)


@pytest.mark.usefixtures("at_once")
def test_each_stop_has_a_record_of_its_own(tmp_path: Path) -> None:
    site, master = open_fake_site(tmp_path, Node(812))
    stop_openresty_once(site)
    stop_openresty_once(site)
    records = [c for c in master.commands if "deadline=" in c]
    assert len(set(records)) == 2


@pytest.mark.parametrize("node", [Node(700), Node(0), Node(812, active="activating")])
@pytest.mark.usefixtures("at_once")
def test_the_old_process_none_or_one_that_is_not_up_yet_is_no_return(tmp_path: Path, node: Node) -> None:
    site, master = open_fake_site(tmp_path, node)
    assert stop_openresty_once(site) == replace(STOPPED, by_itself=False)
    assert any(command.startswith("sh -c ( flock") for command in master.commands)


def test_it_is_said_which_process_was_stopped_and_how() -> None:
    assert str(STOPPED) == f"node129: {STOP} (PID 700 of openresty.service)"


def test_the_backups_keepalived_is_restarted_by_one_job(tmp_path: Path) -> None:
    node = Node(812)
    site, master = open_fake_site(tmp_path, node)
    assert restart_backup(site) == RESTARTED
    assert isinstance(site.backup, FakeHost)
    assert site.backup.commands[1] == "systemctl restart keepalived.service"
    assert master.commands == []
    said = {"node": "node128", "unit": "keepalived.service", "command": "systemctl restart keepalived.service"}
    assert events(tmp_path) == [Noted("stopped on purpose", said)]


@pytest.mark.usefixtures("at_once")
def test_a_keepalived_that_does_not_come_back_is_told(tmp_path: Path) -> None:
    site, _ = open_fake_site(tmp_path, Node(0))
    assert restart_backup(site) == replace(RESTARTED, by_itself=False)


def test_a_restart_that_systemd_refuses_is_an_error(tmp_path: Path) -> None:
    node = Node(812)
    site, _ = open_fake_site(tmp_path, lambda command: (1, "") if "restart" in command else node(command))
    with pytest.raises(CommandError):
        restart_backup(site)


@pytest.mark.parametrize("stop", [stop_openresty_once, restart_backup])
def test_without_permission_nothing_is_asked_or_stopped(
    tmp_path: Path, stop: Callable[[OpenSite], Stopped | Skipped]
) -> None:
    site, master = open_fake_site(tmp_path, disruption="none")
    assert stop(site) == Skipped("a fault needs disruption: faults, the site allows none")
    assert isinstance(site.backup, FakeHost)
    assert (master.commands, site.backup.commands) == ([], [])


@pytest.mark.parametrize("came_back", [openresty_came_back, keepalived_came_back])
def test_what_was_not_stopped_did_not_come_back(tmp_path: Path, came_back: CameBack) -> None:
    site, _ = open_fake_site(tmp_path)
    assert came_back(site, Skipped("not allowed")).observe() == Verdict.skipped("not allowed")


def test_an_openresty_that_came_back_is_another_process(tmp_path: Path) -> None:
    node = Node()
    node.pid = 812
    site, _ = open_fake_site(tmp_path, node)
    check = openresty_came_back(site, STOPPED)
    assert (check.id, check.notebook, check.claim) == (
        "openresty.restarts", "08", "OpenResty comes back by itself when it ends."
    )  # fmt: skip
    assert check.observe() == Verdict.passed("PID 700 was stopped, PID 812 runs since 10:00:00 UTC")


def test_an_openresty_that_its_undo_started_did_not_come_back(tmp_path: Path) -> None:
    node = Node()
    node.pid = 812
    site, _ = open_fake_site(tmp_path, node)
    assert openresty_came_back(site, replace(STOPPED, by_itself=False)).observe() == Verdict.failed(
        "not within 15 s; its fault's undo started it",
        "journalctl -u openresty.service -n 50: what did systemd do?",
    )


def test_the_backup_that_was_restarted_is_the_one_that_is_judged(tmp_path: Path) -> None:
    site, _ = open_fake_site(tmp_path, Node())
    assert isinstance(site.backup, FakeHost)
    site.backup.answer = node = Node()
    node.pid = 812
    check = keepalived_came_back(site, RESTARTED)
    assert (check.id, check.notebook, check.claim) == (
        "service.restarted", "07", "keepalived on the BACKUP is another process than before, and BACKUP again."
    )  # fmt: skip
    assert check.observe() == Verdict.passed("node128: active, PID 812 after 700, BACKUP")


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (STATUS, Verdict.passed("node128: active, PID 812 after 700, BACKUP")),
        (
            replace(STATUS, main_pid=700),
            Verdict.failed("node128: active, PID 700 after 700, BACKUP", NOT_RESTARTED),
        ),
        (
            replace(STATUS, unit="failed", main_pid=0, vrrp=""),
            Verdict.failed("node128: failed, PID 0 after 700, no VRRP state yet", NOT_RESTARTED),
        ),
        (
            replace(STATUS, vrrp=""),
            Verdict.failed("node128: active, PID 812 after 700, no VRRP state yet", NOT_BACKUP),
        ),
        (replace(STATUS, vrrp="MASTER"), Verdict.failed("node128: active, PID 812 after 700, MASTER", NOT_BACKUP)),
        (replace(STATUS, vrrp="FAULT"), Verdict.failed("node128: active, PID 812 after 700, FAULT", IN_FAULT)),
    ],
)
def test_it_is_another_process_and_backup_again(status: NodeStatus, verdict: Verdict) -> None:
    assert judge_restarted(status, 700) == verdict
