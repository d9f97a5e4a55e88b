from __future__ import annotations

import errno
import hashlib
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from runbook_lib.evidence import Bundle, BundleError, create_bundle
from runbook_lib.outward import Secret, protect


def test_a_bundle_is_named_by_its_start_and_its_run(tmp_path: Path) -> None:
    bundle = create_bundle(tmp_path / "outputs", "site: {}\n")
    assert re.fullmatch(r"[0-9a-f]{8}", bundle.run_id)
    assert bundle.path == tmp_path / "outputs" / f"{bundle.started:%Y%m%dT%H%M%SZ}-{bundle.run_id}"
    assert bundle.started.tzinfo is UTC
    assert bundle.journal == bundle.path / "journal.jsonl"
    assert sorted(path.name for path in bundle.path.iterdir()) == ["data", "figures", "parameters.yaml"]


def test_its_path_does_not_depend_on_the_folder_of_the_reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert create_bundle(Path("out"), "").path.parent == tmp_path / "out"


def test_two_bundles_of_one_moment_are_two(tmp_path: Path) -> None:
    assert create_bundle(tmp_path, "").path != create_bundle(tmp_path, "").path


def test_the_hash_of_the_parameters_is_the_files(tmp_path: Path) -> None:
    bundle = create_bundle(tmp_path, "site: {vip: 节点}\n")
    assert bundle.parameters_sha256 == hashlib.sha256("site: {vip: 节点}\n".encode()).hexdigest()


def test_a_place_where_no_bundle_can_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(BundleError) as caught:
        create_bundle(tmp_path / "file", "")
    said = re.sub(r"\d{8}T\d{6}Z-[0-9a-f]{8}", "BUNDLE", str(caught.value))
    assert said == f"{tmp_path}/file/BUNDLE can't be made: Not a directory. Give another folder: --out DIR"


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    bundle = Bundle(tmp_path, "1a2b3c4d", datetime(2024, 1, 1, tzinfo=UTC))
    with pytest.raises(BundleError) as caught:
        bundle.write("gone/result.json", "{}")
    assert str(caught.value) == (
        f"{tmp_path}/gone/result.json can't be written: No such file or directory. Is the disk full?"
    )


def test_a_file_that_can_not_be_written_whole_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = create_bundle(tmp_path, "")

    def full(path: Path, text: str, encoding: str) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(BundleError, match=r"result\.json can't be written: No space left on device\."):
        bundle.write("result.json", "{}")
    assert not (bundle.path / "result.json").exists()


def test_no_secret_and_no_control_character_gets_into_a_file(tmp_path: Path) -> None:
    protect(Secret("hunter2"))
    bundle = create_bundle(tmp_path, "reason: hunter2\x1b\n")
    assert (bundle.path / "parameters.yaml").read_text() == "reason: •••\\x1b\n"
