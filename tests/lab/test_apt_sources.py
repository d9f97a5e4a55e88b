from __future__ import annotations

import subprocess
from typing import Any

import pytest

from runbook_lib.errors import LabError
from runbook_lib.lab.apt_sources import Target, debian_sources, parse_carried, parse_targets, render_sources

PRINTED = """\
Debian|http://mirror.example/debian/|bookworm|main
Debian|http://mirror.example/debian/|bookworm|main
Debian|http://mirror.example/debian/|bookworm|contrib
Debian|http://mirror.example/debian/|bookworm-updates|main
Debian|http://mirror.example/debian/|bookworm-backports|main
Debian|http://mirror.example/debian/|bookworm-proposed-updates|main
Debian|http://security.example/debian-security/|stable-security|main
Tool|http://tool.example/debian/|bookworm|main
a line of something else
"""
TRIXIE = """\
deb http://mirror.example/debian/ trixie main
deb http://mirror.example/debian/ trixie-updates main
deb http://security.example/debian-security/ trixie-security main
"""


def test_the_machines_debian_mirrors_are_told_for_another_release() -> None:
    assert render_sources(parse_targets(PRINTED), "trixie") == TRIXIE


def test_another_archive_that_serves_the_same_release_is_no_mirror() -> None:
    assert render_sources([Target("Tool", "http://tool.example/debian/", "bookworm", "main")], "bookworm") == ""


def test_proxy_and_dates_are_carried_over_and_nothing_else() -> None:
    dump = """\
APT "";
Acquire::http "";
Acquire::http::Proxy "http://proxy.example:3142";
Acquire::https::CaInfo "/etc/ssl/own.pem";
Acquire::httpx "1";
Acquire::Check-Valid-Until "false";
Acquire::Languages "none";
"""
    assert parse_carried(dump) == (
        'Acquire::http::Proxy "http://proxy.example:3142";',
        'Acquire::https::CaInfo "/etc/ssl/own.pem";',
        'Acquire::Check-Valid-Until "false";',
    )


def test_lists_are_fetched_when_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    printed = iter(["", PRINTED])
    ran = fake_apt(monkeypatch, lambda command: next(printed) if "indextargets" in command else "")
    assert debian_sources("trixie") == TRIXIE
    assert ("apt-get", "update") in ran


def test_a_machine_without_a_debian_mirror_is_told_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    fake_apt(monkeypatch, lambda _: "Ubuntu|http://mirror.example/ubuntu/|noble|main\n")
    with pytest.raises(LabError) as refused:
        debian_sources("bookworm")
    assert str(refused.value) == (
        "This machine's apt knows no Debian mirror, which the lab's image is made from. "
        "Add a Debian source to /etc/apt/sources.list.d/ and run: sudo apt-get update"
    )


def fake_apt(monkeypatch: pytest.MonkeyPatch, answer: Any) -> list[tuple[str, ...]]:
    ran = []

    def run(command: tuple[str, ...], **_: object) -> subprocess.CompletedProcess[str]:
        ran.append(command)
        return subprocess.CompletedProcess(command, 0, stdout=answer(command))

    monkeypatch.setattr("runbook_lib.lab.apt_sources.subprocess.run", run)
    return ran
