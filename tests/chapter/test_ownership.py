from __future__ import annotations

import subprocess
from pathlib import Path

from runbook_lib.chapter.ownership import BEFORE, keep_theirs
from runbook_lib.hosts import quote


def keep(path: Path) -> None:
    command = keep_theirs(str(path))
    subprocess.run(["sh", "-c", quote(command.command, *command.values)], check=True)


def test_theirs_is_kept_once(tmp_path: Path) -> None:
    theirs = tmp_path / "f"
    theirs.write_text("theirs")
    keep(theirs)
    theirs.write_text("ours")
    keep(theirs)
    assert Path(f"{theirs}{BEFORE}").read_text() == "theirs"


def test_half_a_copy_does_not_pass_for_theirs(tmp_path: Path) -> None:
    theirs, part = tmp_path / "d", tmp_path / f"d{BEFORE}.part"
    for folder, text in ((theirs, "theirs"), (part, "th")):
        folder.mkdir()
        (folder / "f").write_text(text)
    keep(theirs)
    assert (tmp_path / f"d{BEFORE}" / "f").read_text() == "theirs"
    assert not part.exists()
