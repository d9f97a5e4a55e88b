from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from checks.nodes import FakeHost, open_fake
from hosts_found import PREFIX, SOURCE, TOOLS, built

from runbook_lib.chapter.provenance import (
    note_provenance,
    parse_provenance,
    parse_version,
    render_provenance,
    said_version,
    wanted_provenance,
)
from runbook_lib.journal import Journal, KeepalivedFound, read_journal

MADE = wanted_provenance(SOURCE, TOOLS, PREFIX)


def test_what_is_written_reads_back() -> None:
    assert parse_provenance(render_provenance(MADE)) == MADE


def test_a_file_of_another_form_means_build_again() -> None:
    assert parse_provenance("") is None
    assert parse_provenance('{"version": "2.1.5"}') is None
    assert parse_provenance("[1]") is None


def test_names_and_a_newer_compiler_are_no_reason_to_build_again() -> None:
    assert built(MADE).is_build_of(replace(MADE, archive="other.tar.gz", origin="the cache", compiler="gcc 13"))


def test_source_settings_and_platform_are() -> None:
    found = built(MADE)
    assert not found.is_build_of(replace(MADE, source_sha256="cc" * 32))
    assert not found.is_build_of(replace(MADE, cppflags=""))
    assert not found.is_build_of(replace(MADE, configure="./configure --prefix=/opt"))
    assert not found.is_build_of(replace(MADE, platform=replace(MADE.platform, release="debian 13")))


def test_a_binary_that_was_exchanged_is_no_build_of_ours() -> None:
    assert not replace(built(MADE), binary_sha256="other").is_build_of(MADE)
    assert not replace(built(MADE), binary_sha256="", recorded_sha256="").is_build_of(MADE)


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("Keepalived v2.1.5 (unknown)\n\nCopyright(C)", "2.1.5"),
        ("sh: 1: /usr/local/keepalived/sbin/keepalived: not found", ""),
        ("keepalived: error while loading shared libraries", ""),
        ("Keepalived", ""),
        ("", ""),
    ],
)
def test_the_version_that_a_binary_says(said: str, version: str) -> None:
    assert parse_version(said) == version


def test_the_binary_is_asked_for_its_version_under_the_prefix() -> None:
    said = {f"{PREFIX}/sbin/keepalived --version": (0, "", "Keepalived v2.1.5 (unknown)\n")}
    assert said_version(FakeHost("node129", said.__getitem__), PREFIX) == "2.1.5"


def test_where_a_keepalived_came_from_is_journalled_of_each_node_that_has_one(tmp_path: Path) -> None:
    files = {
        f"{PREFIX}/sbin/keepalived.provenance.json": render_provenance(MADE),
        f"{PREFIX}/sbin/keepalived.sha256": "b1  keepalived\n",
    }
    hash_of = FakeHost("node129", lambda command: (0, "b1  x\n" if "sha256sum" in command else "", ""), files)
    site = replace(open_fake(hash_of, FakeHost("node128")), journal=Journal(tmp_path / "journal.jsonl"))
    found = KeepalivedFound(
        "node129", MADE.version, MADE.archive, MADE.source_sha256, "b1", MADE.configure, MADE.cppflags, MADE.compiler
    )
    assert note_provenance(site) == (found,)
    assert [record.event for record in read_journal(tmp_path / "journal.jsonl")] == [found]
