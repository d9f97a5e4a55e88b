from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any

import pytest
from archives import make_archive

from runbook_lib.chapter import source
from runbook_lib.chapter.source import (
    Origin,
    archive_version,
    cached_substitute,
    keepalived_source,
    local_source,
)
from runbook_lib.errors import ArtifactError
from runbook_lib.site import Site, parse_site

WHY = "https://www.keepalived.org/software/keepalived-2.1.5.tar.gz can't be reached (no route)"


def site(substrate: str = "lab", **keepalived: Any) -> Site:
    return parse_site({"substrate": substrate, "keepalived": keepalived})


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Upstream out of reach, and no distribution; a test that has one of them says so."""

    def unreachable(address: str, path: Path, sha256: str) -> None:
        raise OSError("no route")

    def no_apt(package: str, cache: Path) -> Path:
        raise ArtifactError("this machine has no apt to ask for the distribution's source package")

    monkeypatch.setattr(source, "download", unreachable)
    monkeypatch.setattr(source, "fetch_source", no_apt)


def known(monkeypatch: pytest.MonkeyPatch, archive: Path) -> None:
    monkeypatch.setitem(source.UPSTREAM_SHA256, "2.1.5", sha256(archive))


def test_a_given_file_that_is_upstreams_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = make_archive(tmp_path / "mine.tar.gz")
    known(monkeypatch, archive)
    found = keepalived_source(site(archive=str(archive)), tmp_path)
    assert (found.path, found.version, found.origin, found.warning) == (archive, "2.1.5", Origin.GIVEN, "")


def test_a_given_file_that_is_not_is_warned_about(tmp_path: Path) -> None:
    found = keepalived_source(site(archive=str(make_archive(tmp_path / "mine.tar.gz"))), tmp_path)
    assert found.warning == "not upstream's release of keepalived 2.1.5 (its SHA-256 is another)"


def test_a_given_file_of_another_version(tmp_path: Path) -> None:
    found = keepalived_source(site(archive=str(make_archive(tmp_path / "mine.tar.gz", "2.3.9"))), tmp_path)
    assert found.warning == "the archive holds keepalived 2.3.9, not 2.1.5"


def test_a_version_that_the_library_does_not_know(tmp_path: Path) -> None:
    archive = make_archive(tmp_path / "mine.tar.gz", "2.3.9")
    found = keepalived_source(site(archive=str(archive), version="2.3.9"), tmp_path)
    assert found.warning == "upstream's SHA-256 of keepalived 2.3.9 is not known here: not compared"


def test_a_stated_hash_that_differs(tmp_path: Path) -> None:
    archive = make_archive(tmp_path / "mine.tar.gz")
    with pytest.raises(ArtifactError) as raised:
        local_source(site(archive=str(archive), sha256="0" * 64), tmp_path)
    assert raised.value.exit_status == 2
    assert str(raised.value) == (
        f"mine.tar.gz has SHA-256 {sha256(archive)}, not {'0' * 64} as keepalived.sha256 says. "
        "Nothing was changed: give the archive that you mean, or correct keepalived.sha256."
    )


def test_a_given_file_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError) as raised:
        local_source(site(archive=f"{tmp_path}/none.tar.gz"), tmp_path)
    assert str(raised.value) == (
        f"keepalived.archive: there is no file {tmp_path}/none.tar.gz. Give the path of a source archive."
    )


def test_the_cache_counts_only_when_it_is_upstreams(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = make_archive(tmp_path / "keepalived-2.1.5.tar.gz")
    assert local_source(site(), tmp_path) is None
    known(monkeypatch, archive)
    found = local_source(site(), tmp_path)
    assert found is not None
    assert found.origin is Origin.CACHE


def test_upstreams_download_is_kept_in_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = make_archive(tmp_path / "upstream")
    known(monkeypatch, archive)

    def fetch(address: str, path: Path, sha256: str) -> None:
        assert address == "https://www.keepalived.org/software/keepalived-2.1.5.tar.gz"
        shutil.copy(archive, path)

    monkeypatch.setattr(source, "download", fetch)
    assert keepalived_source(site(), tmp_path).origin is Origin.UPSTREAM
    assert keepalived_source(site(), tmp_path).origin is Origin.CACHE


def test_the_substitute_says_what_it_is_and_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = make_archive(tmp_path / "keepalived_2.2.7.orig.tar.gz", "2.2.7")
    monkeypatch.setattr(source, "fetch_source", lambda package, cache: archive)
    found = keepalived_source(site(), tmp_path)
    assert (found.version, found.origin) == ("2.2.7", Origin.DISTRIBUTION)
    assert found.warning == (
        f"keepalived 2.2.7 from the distribution's source package stands in for 2.1.5 because {WHY}"
    )


def test_a_cached_substitute_needs_no_network(tmp_path: Path) -> None:
    made = make_archive(tmp_path / "made", "2.2.7")
    place = tmp_path / "distribution" / sha256(made) / "keepalived_2.2.7.orig.tar.gz"
    place.parent.mkdir(parents=True)
    made.rename(place)
    found = cached_substitute(site(), tmp_path)
    assert found is not None
    assert (found.path, found.version) == (place, "2.2.7")
    assert cached_substitute(site(substrate="ssh"), tmp_path) is None
    place.write_bytes(b"tampered with")
    assert cached_substitute(site(), tmp_path) is None


def test_no_substitute_on_machines_of_ones_own(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError) as raised:
        keepalived_source(site(substrate="ssh"), tmp_path)
    assert str(raised.value) == (
        f"keepalived 2.1.5 can't be had: {WHY}, and the site allows no substitute. "
        "Fetch the archive yourself and run again with -p keepalived.archive=FILE."
    )


def test_no_substitute_for_a_stated_hash(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"and a SHA-256 is stated\."):
        keepalived_source(site(sha256="0" * 64), tmp_path)


def test_all_that_was_tried_is_named(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError) as raised:
        keepalived_source(site(), tmp_path)
    assert raised.value.what == (
        f"keepalived 2.1.5 can't be had: {WHY}, "
        "and this machine has no apt to ask for the distribution's source package."
    )


def test_a_download_needs_a_hash_to_be_judged_by(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError) as raised:
        keepalived_source(site(version="2.3.9"), tmp_path)
    assert str(raised.value) == (
        "No SHA-256 is known for keepalived 2.3.9, so a download could not be judged. "
        "State keepalived.sha256, or give the archive with keepalived.archive."
    )


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (("README",), "x.tar.gz has no configure script: it was made from the version control, not released."),
        ((), "x.tar.gz is no source archive of keepalived."),
    ],
)
def test_archives_that_can_not_be_built(tmp_path: Path, files: tuple[str, ...], said: str) -> None:
    with pytest.raises(ArtifactError) as raised:
        archive_version(make_archive(tmp_path / "x.tar.gz", files=files))
    assert raised.value.what == said


def test_a_file_that_is_no_archive(tmp_path: Path) -> None:
    (tmp_path / "x.tar.gz").write_bytes(b"\x1f\x8bgarbage")
    with pytest.raises(ArtifactError, match=r"^x\.tar\.gz can't be read as an archive: "):
        archive_version(tmp_path / "x.tar.gz")
