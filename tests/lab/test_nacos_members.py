"""The three Nacos members of a lab: the real server."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from runbook_lib.lab import Lab
from runbook_lib.lab.nacos_layer import PORTS

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]

READY_WITHIN_S = 300.0
"""Beside other labs: the bar of 40 s is for a machine that does nothing else (tests/benchmarks)."""
TAKES_WITHIN_S = 120.0
"""Ready comes a moment before the configurations' Raft group has elected its leader."""
ALL_WITHIN_S = 60.0
"""What one took, the others have: some milliseconds where nothing else runs."""


def ask(lab: Lab, port: int, path: str, *options: str) -> str:
    """A member's answer over HTTP, and after it the status code on a line of its own."""
    url = f"http://192.168.42.128:{port}/nacos/{path}"
    return lab.capture("node128", ["curl", "-s", "-m", "5", "-w", "\n%{http_code}", *options, url])[1]


def is_ready(lab: Lab, port: int) -> bool:
    return ask(lab, port, "v1/console/health/readiness").endswith("\n200")


def wait(condition: Callable[[], bool], within_s: float, what: str) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.3)


@pytest.fixture(scope="module")
def members(lab_with_nacos: Lab) -> Lab:
    wait(lambda: all(is_ready(lab_with_nacos, port) for port in PORTS), READY_WITHIN_S, "not all members are ready")
    return lab_with_nacos


def test_what_one_member_takes_the_others_give(members: Lab) -> None:
    publish = ("v1/cs/configs", "-d", "dataId=test&group=TEST&content=for+all")
    wait(lambda: ask(members, PORTS[0], *publish) == "true\n200", TAKES_WITHIN_S, "nothing can be published")
    read = "v1/cs/configs?dataId=test&group=TEST"
    for port in PORTS:
        wait(lambda port=port: ask(members, port, read) == "for all\n200", ALL_WITHIN_S, f"{port} does not have it")  # type: ignore[misc]


def test_the_console_page_is_served_by_each(members: Lab) -> None:
    for port in PORTS:
        assert "<title>Nacos</title>" in ask(members, port, "index.html")


def test_all_three_know_each_other_and_one_leads(members: Lab) -> None:
    def nodes() -> list[dict[str, Any]]:
        answer: list[dict[str, Any]] = json.loads(
            ask(members, PORTS[1], "v1/core/cluster/nodes").removesuffix("\n200")
        )["data"]
        return answer

    def up() -> set[str]:
        return {node["address"] for node in nodes() if node["state"] == "UP"}

    # A member hears of another that it's up in its next report only, some seconds after both are ready.
    wait(lambda: up() == {f"192.168.42.128:{port}" for port in PORTS}, ALL_WITHIN_S, "one does not know the others")
    raft = next(node["extendInfo"]["raftMetaData"] for node in nodes() if "raftMetaData" in node["extendInfo"])
    assert raft["metaDataMap"]["nacos_config"]["leader"] in {f"192.168.42.128:{port - 1000}" for port in PORTS}


def test_a_member_stops_in_time_for_a_shutdown_and_comes_back_when_it_is_killed(members: Lab) -> None:
    unit = f"nacos@{PORTS[2]}"
    began = time.monotonic()
    assert members.capture("node128", ["systemctl", "restart", unit]) == (0, "", "")
    assert time.monotonic() - began < 60, "it ignores SIGTERM; systemd gives it 5 s, not the usual 90"
    assert members.capture("node128", ["systemctl", "kill", "--signal=KILL", unit]) == (0, "", "")

    def restarts() -> str:
        return members.capture("node128", ["systemctl", "show", unit, "--property=NRestarts,ActiveState"])[1]

    wait(lambda: restarts() == "NRestarts=1\nActiveState=active\n", 30, "systemd left it dead")
    wait(lambda: is_ready(members, PORTS[2]), READY_WITHIN_S, "it did not come back")


def test_a_database_that_was_half_made_when_the_power_went_is_made_again(members: Lab) -> None:
    unit, data = f"nacos@{PORTS[1]}", f"/var/lib/nacos/{PORTS[1]}/data/derby-data"
    break_it = f"systemctl stop {unit}; rm -r {data}/log; systemctl start {unit}"
    assert members.capture("node128", ["sh", "-ec", break_it]) == (0, "", "")
    wait(lambda: is_ready(members, PORTS[1]), READY_WITHIN_S, "it did not come back")


@pytest.mark.parametrize("options", ["dataId=ours&group=TEST", "dataId=ours&group=TEST&tenant=fast_team"])
def test_a_file_that_a_member_leaves_unwritten_is_written(members: Lab, options: str) -> None:
    publish, read = ("v1/cs/configs", "-d", f"{options}&content=kept"), f"v1/cs/configs?{options}"
    wait(lambda: ask(members, PORTS[0], *publish) == "true\n200", TAKES_WITHIN_S, "nothing can be published")
    wait(lambda: ask(members, PORTS[2], read) == "kept\n200", ALL_WITHIN_S, "it does not have it")
    remove = f"rm -r /var/lib/nacos/{PORTS[2]}/data/*config-data"
    assert members.capture("node128", ["sh", "-ec", remove]) == (0, "", "")
    wait(lambda: ask(members, PORTS[2], read).endswith("\n404"), ALL_WITHIN_S, "it has the file still")
    # The same again: it remembers it, and writes nothing.
    wait(lambda: ask(members, PORTS[0], *publish) == "true\n200", TAKES_WITHIN_S, "nothing can be published")
    wait(lambda: ask(members, PORTS[2], read) == "kept\n200", ALL_WITHIN_S, "it is gone")


def test_a_member_that_is_killed_still_has_what_was_published(members: Lab) -> None:
    # Published a moment before: only its Raft log has it, which is what it remembers and does not write.
    publish, read = (
        ("v1/cs/configs", "-d", "dataId=late&group=TEST&content=kept"),
        "v1/cs/configs?dataId=late&group=TEST",
    )
    wait(lambda: ask(members, PORTS[0], *publish) == "true\n200", TAKES_WITHIN_S, "nothing can be published")
    assert members.capture("node128", ["systemctl", "kill", "--signal=KILL", f"nacos@{PORTS[0]}"]) == (0, "", "")
    wait(lambda: not is_ready(members, PORTS[0]), 10, "it lives")
    wait(lambda: is_ready(members, PORTS[0]), READY_WITHIN_S, "it did not come back")
    wait(lambda: ask(members, PORTS[0], read) == "kept\n200", ALL_WITHIN_S, "it is gone")
