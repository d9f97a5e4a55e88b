from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from runbook_lib.artifacts import sha256_of, user_cache


def test_downloads_are_where_the_user_keeps_caches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/elsewhere")
    assert user_cache() == Path("/elsewhere/runbook")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "/home/reader")
    assert user_cache() == Path("/home/reader/.cache/runbook")


def test_a_files_hash(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a")
    assert sha256_of(tmp_path / "a") == hashlib.sha256(b"a").hexdigest()
