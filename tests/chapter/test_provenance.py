from __future__ import annotations

from dataclasses import replace

from hosts_found import PREFIX, SOURCE, TOOLS, built

from runbook_lib.chapter.provenance import parse_provenance, render_provenance, wanted_provenance

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
