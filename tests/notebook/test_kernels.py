"""What a killed runner left in the temporary folder."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from runbook_lib.notebook import kernels
from runbook_lib.notebook.kernels import FOLDER, remove_orphans


def test_only_the_folders_of_dead_runners_go(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(kernels, "_socket_parent", lambda: str(tmp_path))
    ended = subprocess.Popen(["true"])
    ended.wait()
    kept = {f"{FOLDER}{os.getpid()}-abc", f"{FOLDER}no-number", "another"}
    for name in (*kept, f"{FOLDER}{ended.pid}-def"):
        (tmp_path / name).mkdir()
    remove_orphans()
    assert {folder.name for folder in tmp_path.iterdir()} == kept


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_what_another_user_left_under_such_a_name_stays(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(kernels, "_socket_parent", lambda: str(tmp_path))
    ended = subprocess.Popen(["true"])
    ended.wait()
    theirs, link, ours = (tmp_path / f"{FOLDER}{ended.pid}-{end}" for end in ("theirs", "link", "ours"))
    theirs.mkdir()
    os.chown(theirs, 54321, -1)  # a user id that has no name
    ours.mkdir()
    link.symlink_to(ours)
    os.chown(link, 54321, -1, follow_symlinks=False)
    remove_orphans()
    assert set(tmp_path.iterdir()) == {theirs, link}
