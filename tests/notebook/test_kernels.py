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
