"""Who leads, as a member says it, and who asks."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from runbook_lib.chapter import nacos
from runbook_lib.chapter.nacos import Configuration, Reading, parse_leader, parse_reading, publishing
from runbook_lib.hosts import Endpoint, Host, OpenSite, quote
from runbook_lib.journal import Journal
from runbook_lib.site import parse_site


def member(leader: object) -> str:
    groups = {"nacos_config": {"leader": leader, "term": 3}, "naming_persistent_service": {"leader": "10.0.0.9:1000"}}
    return json.dumps({"code": 200, "data": {"extendInfo": {"raftMetaData": {"metaDataMap": groups}}}})


def test_the_leaders_address_is_its_raft_port_and_a_thousand() -> None:
    assert parse_leader(member("192.168.42.128:7850")) == "192.168.42.128:8850"


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "<html>502 Bad Gateway</html>",
        "[]",
        "{}",
        '{"data": null}',
        '{"data": []}',
        '{"data": {"address": "192.168.42.128:8848"}}',
        '{"data": {"extendInfo": {"raftMetaData": null}}}',
        member(None),
        member(""),
        member("192.168.42.128"),
    ],
)
def test_a_member_that_names_no_leader_knows_none(answer: str) -> None:
    assert parse_leader(answer) == ""


@pytest.mark.parametrize(
    ("answer", "reading"),
    [
        ("proof: 1a2b\n200", Reading(200, "proof: 1a2b")),
        ("two\nlines\n\n200", Reading(200, "two\nlines\n")),
        ("config data not exist\n404", Reading(404, "config data not exist")),
        ("\n000", Reading(0, "")),
        ("", Reading(0, "")),
    ],
)
def test_a_reading_has_its_status_on_the_last_line(answer: str, reading: Reading) -> None:
    assert parse_reading(answer) == reading


@pytest.mark.parametrize(("observer", "who"), [("ssh", "observer"), ("none", "node128")])
def test_the_observer_asks_and_where_there_is_none_the_backup(observer: str, who: str) -> None:
    model = parse_site({"observer": observer})
    hosts = {machine.name: Host(Endpoint(machine.name, ""), Journal(None)) for machine in model.machines}
    assert OpenSite(model, hosts, Journal(None), Path()).asker.name == who


@pytest.mark.parametrize(
    ("answers", "exit_status", "asked"),
    [
        (["true 200"], 0, 1),
        (
            ["errCode: 500, errMsg: STATE_CANDIDATE 500", "errCode: 500, errMsg: TimeoutException 500", "true 200"],
            0,
            3,
        ),
        (["<html> 502", "<html> 503", "true 200"], 0, 3),
        (["forbidden 403", "true 200"], 1, 1),
        (["curl: (7) Failed to connect 000", "true 200"], 1, 1),
    ],
)
def test_an_election_is_waited_for_and_nothing_else(
    tmp_path: Path, answers: list[str], exit_status: int, asked: int
) -> None:
    site = OpenSite(parse_site({}), {}, Journal(None), tmp_path)
    (tmp_path / "answers").write_text("\n".join(answers) + "\n")
    for name, script in (("curl", 'echo x >> asked; sed -n "$(wc -l < asked)p" answers'), ("sleep", ":")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    command = publishing(site, Configuration("a.yml", "G", "n", "value"))
    line = f"PATH={tmp_path}:$PATH; " + quote(command.command, *command.values)
    ran = subprocess.run(("sh", "-c", line), cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (ran.returncode, len((tmp_path / "asked").read_text().splitlines())) == (exit_status, asked)
    assert (answers[0] in ran.stderr) is (exit_status == 1)


class Members:
    """Two members behind the VIP, of which one keeps what was removed as often as it is told to."""

    def __init__(self, keeps: int) -> None:
        self.keeps, self.done, self.values = keeps, list[str](), dict[str, str]()

    def told(self, site: OpenSite, method: str, configuration: Configuration, command: object) -> None:
        self.done.append(method)
        if method == "POST":
            self.values = {"vip": configuration.value, "8849": configuration.value}
        elif self.keeps:
            self.keeps -= 1
            del self.values["vip"]
        else:
            self.values = {}

    def read(self, site: OpenSite, configuration: Configuration) -> dict[str, Reading]:
        return {at: Reading(200 if at in self.values else 404, self.values.get(at, "")) for at in ("vip", "8849")}


@pytest.mark.parametrize(
    ("keeps", "done", "said"),
    [
        (0, ["POST", "DELETE"], "x is withdrawn."),
        (1, ["POST", "DELETE", "POST", "DELETE"], "x is withdrawn, twice: 8849 had it still."),
    ],
)
def test_a_member_that_keeps_what_was_removed_is_told_once_more(
    keeps: int, done: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    members = Members(keeps)
    for name, stand_in in (("_submit", members.told), ("read_everywhere", members.read), ("HEARD_WITHIN_S", 0.1)):
        monkeypatch.setattr(nacos, name, stand_in)
    site = OpenSite(
        parse_site({}), {"observer": Host(Endpoint("observer", ""), Journal(None))}, Journal(None), tmp_path
    )
    value = Configuration("x", "G", "", "1")
    nacos.publish(site, value)
    assert nacos.withdraw(site, value) == said
    assert (members.done, members.values) == (done, {})


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("", "no answer"),
        ("<html>\r\n<head><title>502 Bad Gateway</title></head>\n</html>\n 502", "the entry answered 502"),
        ("caused: errCode: 500, errMsg: STATE_CANDIDATE. 500\n", "caused: errCode: 500, errMsg: STATE_CANDIDATE"),
        (
            "curl: (7) Failed to connect 000",
            "curl: (7) Failed to connect",
        ),
    ],
)
def test_why_a_value_was_not_taken(said: str, told: str) -> None:
    assert nacos.why_not_taken(said) == told
