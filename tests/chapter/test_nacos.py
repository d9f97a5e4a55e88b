"""Who leads, as a member says it, and who asks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runbook_lib.chapter.nacos import Reading, asker, parse_leader, parse_reading
from runbook_lib.hosts import Endpoint, Host, OpenSite
from runbook_lib.journal import Journal
from runbook_lib.site import parse_site

AT = "192.168.42.128:8848"


def node(address: str, leader: object) -> dict[str, object]:
    return {
        "address": address,
        "extendInfo": {"raftMetaData": {"metaDataMap": {"nacos_config": {"leader": leader, "term": 3}}}},
    }


def said(*nodes: object) -> str:
    return json.dumps({"code": 200, "data": nodes})


def test_the_leaders_address_is_its_raft_port_and_a_thousand() -> None:
    nodes = said(node("192.168.42.128:8849", "10.0.0.9:1000"), node(AT, "192.168.42.128:7850"))
    assert parse_leader(nodes, AT) == "192.168.42.128:8850"


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "<html>502 Bad Gateway</html>",
        "[]",
        "{}",
        '{"data": null}',
        '{"data": []}',
        said(node("192.168.42.128:8849", "192.168.42.128:7850")),
        said({"address": AT}),
        said({"address": AT, "extendInfo": {"raftMetaData": None}}),
        said(node(AT, None)),
        said(node(AT, "")),
        said(node(AT, "192.168.42.128")),
    ],
)
def test_a_member_that_names_no_leader_knows_none(answer: str) -> None:
    assert parse_leader(answer, AT) == ""


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
    assert asker(OpenSite(model, hosts, Journal(None), Path())).name == who
