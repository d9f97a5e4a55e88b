from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from runbook_lib.failover.faults import node_record
from runbook_lib.failover.faults.node_record import render_undo


def test_an_undo_removes_itself_once_it_succeeded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node_record, "FOLDER", str(tmp_path))
    script = tmp_path / "stop-x-1"
    script.write_text(render_undo("stop-x-1", "exit 1"))
    assert subprocess.run(["sh", script], check=False).returncode == 1
    assert script.exists()
    script.write_text(render_undo("stop-x-1", f"touch {tmp_path}/undone"))
    subprocess.run(["sh", script], check=True)
    assert [path.name for path in tmp_path.iterdir()] == ["undone"]
