"""The archive on this machine, as check `keepalived.source` sees it."""

from __future__ import annotations

import hashlib
import io
import tarfile
from pathlib import Path

import pytest

from runbook_lib.chapter.source import UPSTREAM_SHA256
from runbook_lib.checks.keepalived import judge_source
from runbook_lib.checks.verdict import Verdict
from runbook_lib.site import Site, parse_site


@pytest.fixture(autouse=True)
def _empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "k.tar.gz"
    with tarfile.open(path, "w:gz") as written:
        written.addfile(tarfile.TarInfo("keepalived-2.1.5/configure"), io.BytesIO())
    return path


def given(path: Path) -> Site:
    return parse_site({"keepalived": {"archive": str(path)}})


def observed(path: Path) -> str:
    return f"k.tar.gz, SHA-256 {hashlib.sha256(path.read_bytes()).hexdigest()}"


def test_an_archive_that_is_still_to_be_fetched() -> None:
    verdict = Verdict.failed("it was not fetched yet", "Notebook 02 fetches it, or give keepalived.archive=FILE.")
    assert judge_source(parse_site({})) == verdict


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    what = f"keepalived.archive: there is no file {tmp_path / 'none.tar.gz'}."
    assert judge_source(given(tmp_path / "none.tar.gz")) == Verdict.failed(what, "Give the path of a source archive.")


def test_upstreams_release_passes(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(UPSTREAM_SHA256, "2.1.5", hashlib.sha256(archive.read_bytes()).hexdigest())
    assert judge_source(given(archive)) == Verdict.passed(f"{observed(archive)}, from the file that was given")


def test_anything_else_that_can_be_built_warns(archive: Path) -> None:
    assert judge_source(given(archive)) == Verdict.warned(
        f"{observed(archive)}: not upstream's release of keepalived 2.1.5 (its SHA-256 is another)",
        "Give upstream's archive: -p keepalived.archive=FILE.",
    )
