"""The sample application: what is planned, and what Nacos' answers mean."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
import yaml

from runbook_lib.chapter import client, client_jar
from runbook_lib.chapter.client import (
    UNIT,
    Application,
    Instance,
    configuration,
    jar_path,
    parse_instances,
    plan_application,
    plan_configuration,
    plan_removal,
    wanted_unit,
)
from runbook_lib.chapter.client_jar import sources_sha256
from runbook_lib.chapter.nacos import Reading
from runbook_lib.chapter.service import ServiceState
from runbook_lib.errors import HostError
from runbook_lib.hosts import OpenSite
from runbook_lib.site import Site, parse_site

WANTED = wanted_unit(Site())
STATE = ServiceState(True, "active", True, f"/etc/systemd/system/{UNIT}", 812, "today")
RIGHT = Application(STATE, WANTED, has_jar=True, has_java=True)
NOTHING = Application(ServiceState(False, "inactive", False, "", 0, ""), None, False, True, has_folder=False)
RESTART = f"systemctl restart {UNIT}"


@pytest.fixture(autouse=True)
def jar(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(client, "client_jar", lambda: tmp_path / "sample.jar")


def planned(found: Application) -> list[str]:
    return [str(action) for action in plan_application("client", found, WANTED).actions]


@pytest.mark.parametrize(
    ("found", "was"),
    [
        (Reading(200, "old: value"), "another value"),
        (Reading(404, "config data not exist"), "not published"),
        (Reading(0, ""), "not known: Nacos does not answer through the VIP"),
        (Reading(502, "<html>"), "not known: Nacos does not answer through the VIP"),
    ],
)
def test_a_configuration_that_nacos_does_not_give_is_published(found: Reading, was: str) -> None:
    site = cast(OpenSite, SimpleNamespace(vip_http="192.168.42.130:80"))
    change = plan_configuration("observer", site, found)
    assert (change.is_none, change.was) == (False, was)
    assert plan_configuration("observer", site, Reading(200, configuration().value)).is_none


def test_the_unit_knows_nacos_by_the_vip_only() -> None:
    unit = wanted_unit(parse_site({"vip": "192.168.42.140/24", "openresty": {"port": 8080}}))
    assert unit.count("server-addr=192.168.42.140:8080") == 2
    assert "8848" not in unit
    assert f"-jar {jar_path()}" in unit


def test_what_is_right_is_left_alone() -> None:
    change = plan_application("client", RIGHT, WANTED)
    assert (change.is_none, change.title) == (True, "nacos-consumer-sample.service is active, from these sources")


def test_a_client_without_any_gets_all() -> None:
    assert planned(NOTHING) == [
        f"note whether {UNIT} runs and is enabled",
        "note that nothing stood at /opt/nacos-consumer-sample",
        "rm -rf /opt/nacos-consumer-sample",
        f"send sample.jar to {jar_path()}",
        f"note that nothing stood at /etc/systemd/system/{UNIT}",
        f"note the SHA-256 of what /etc/systemd/system/{UNIT} will be",
        f"write /etc/systemd/system/{UNIT}",
        "systemctl daemon-reload",
        f"systemctl enable {UNIT}",
        RESTART,
    ]


@pytest.mark.parametrize(
    ("found", "actions"),
    [
        (replace(RIGHT, state=replace(STATE, active="failed")), [RESTART]),
        (replace(RIGHT, state=replace(STATE, active="activating")), []),
        (replace(RIGHT, state=replace(STATE, enabled=False)), [f"systemctl enable {UNIT}", RESTART]),
        (
            replace(RIGHT, unit="# Written by runbook, for another VIP\n"),
            [
                f"keep /etc/systemd/system/{UNIT} as /etc/systemd/system/{UNIT}.aside-1 where it was changed by hand",
                f"note the SHA-256 of what /etc/systemd/system/{UNIT} will be",
                f"write /etc/systemd/system/{UNIT}",
                "systemctl daemon-reload",
                RESTART,
            ],
        ),
    ],
)
def test_only_what_differs_is_done(found: Application, actions: list[str]) -> None:
    assert planned(found) == actions


def test_without_java_it_is_refused() -> None:
    with pytest.raises(HostError) as refused:
        plan_application("client", replace(RIGHT, has_java=False), WANTED)
    said = "client has no java, which the sample application needs. Install a JRE, 11 or newer."
    assert str(refused.value) == said


UNIT_FILE, FOLDER = f"/etc/systemd/system/{UNIT}", "/opt/nacos-consumer-sample"
THEIRS = replace(RIGHT, unit="[Unit]\n", has_jar=False)
STOP, RELOAD = f"systemctl disable --now {UNIT}", "systemctl daemon-reload"
AT_THE_END = [RELOAD, f"enable and start {UNIT} where it was before", "rm our notes in /var/lib/runbook"]


def gone(path: str) -> str:
    return f"remove {path}, put back {path}.before-runbook if it is there"


def aside(path: str) -> str:
    return f"keep {path} as {path}.before-runbook (a later one as {path}.aside-1)"


@pytest.mark.parametrize(
    ("found", "actions"),
    [
        (NOTHING, []),
        (THEIRS, []),
        (RIGHT, [STOP, gone(UNIT_FILE), gone(FOLDER), *AT_THE_END]),
        (replace(THEIRS, has_jar=True), [gone(FOLDER), *AT_THE_END]),
        (replace(THEIRS, kept=frozenset({FOLDER})), [aside(FOLDER), gone(FOLDER), *AT_THE_END]),
        (replace(THEIRS, kept=frozenset({UNIT_FILE})), [STOP, aside(UNIT_FILE), gone(UNIT_FILE), *AT_THE_END]),
        (replace(THEIRS, noted=True), AT_THE_END),
    ],
)
def test_ours_is_taken_away_and_what_waits_is_put_back(found: Application, actions: list[str]) -> None:
    assert [str(action) for action in plan_removal("client", found).actions] == actions


def test_the_configuration_is_yaml_whatever_the_value() -> None:
    assert configuration('a "b": c').value == 'custom:\n  info: "a \\"b\\": c"\n'


def test_the_instances_that_nacos_lists() -> None:
    hosts = [{"ip": "192.168.42.132", "port": 8080, "healthy": True, "weight": 1.0}]
    assert parse_instances(json.dumps({"hosts": hosts})) == (
        Instance("nacos-consumer-sample", "192.168.42.132", 8080, healthy=True),
    )


@pytest.mark.parametrize("answer", ["", "caused: no such service", "{}", '{"hosts": [{}]}', "[]"])
def test_anything_else_lists_nobody(answer: str) -> None:
    assert parse_instances(answer) == ()


def test_the_jar_is_known_by_its_sources(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert jar_path() == f"/opt/nacos-consumer-sample/nacos-consumer-sample-{sources_sha256()[:12]}.jar"
    monkeypatch.setattr(client_jar, "_SOURCES", tmp_path)
    names = set()
    for file, text in (("a", "1"), ("a", "2"), ("b", "2")):  # another byte, another file
        (tmp_path / file).write_text(text)
        names.add(jar_path())
    assert len(names) == 3


def test_a_unit_that_was_written_by_a_run_that_was_interrupted_takes_effect() -> None:
    assert planned(replace(RIGHT, state=replace(STATE, stale=True))) == ["systemctl daemon-reload", RESTART]
    assert planned(replace(RIGHT, fresh=False)) == [RESTART]


@pytest.mark.parametrize(("hears", "published"), [(True, 1), (False, 3)])
def test_a_change_that_was_missed_is_published_again_in_other_words(
    monkeypatch: pytest.MonkeyPatch, *, hears: bool, published: int
) -> None:
    values: list[str] = []
    monkeypatch.setattr(client, "publish", lambda site, wanted: values.append(wanted.value))
    monkeypatch.setattr(client, "ask_application", lambda machine: client.SENTENCE if hears else "the old one")
    monkeypatch.setattr(client, "HEARS_WITHIN_S", 0.01)
    site = cast("OpenSite", SimpleNamespace(client="the machine"))
    assert client.publish_sentence(site, until_heard=True) == client.NewValue(client.SENTENCE)
    assert len(values) == published
    assert values[0] == values[-1] == configuration().value
    assert len({yaml.safe_load(value)["custom"]["info"] for value in values}) == 1
    assert len(set(values)) == min(published, 2)
