from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from runbook_lib.artifacts import is_file, sha256_of, user_cache
from runbook_lib.errors import ArtifactError


def test_downloads_are_where_the_user_keeps_caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "elsewhere"))
    assert user_cache() == tmp_path / "elsewhere" / "runbook"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert user_cache() == tmp_path / ".cache" / "runbook"
    assert user_cache().is_dir()


def test_a_user_without_a_home_is_told_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null")
    with pytest.raises(ArtifactError) as refused:
        user_cache()
    said = "/dev/null/runbook can't be made: Not a directory. Set XDG_CACHE_HOME to a folder that you can write to."
    assert str(refused.value) == said


def test_a_name_that_no_file_system_takes_is_no_file(tmp_path: Path) -> None:
    assert not is_file(tmp_path / ("x" * 300) / "y")
    assert is_file(Path(__file__))


def test_a_files_hash(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a")
    assert sha256_of(tmp_path / "a") == hashlib.sha256(b"a").hexdigest()
