"""What is an undo of ours among the undos, and what our own folder goes with."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import cast

import pytest

from runbook_lib.chapter import undo_folder
from runbook_lib.chapter.clean_up import clean_up
from runbook_lib.chapter.undo_folder import Recorded, forget, recorded, render_first_line
from runbook_lib.errors import HostError
from runbook_lib.hosts import Completed, Host, OpenSite, quote
from runbook_lib.journal import Journal
from runbook_lib.site import Site

ID = "freeze-keepalived-1"
UNDO = f"#!/bin/sh\n{render_first_line(ID)}\n"


class ThisMachine:
    """In a node's place: its shell is ours."""

    name = "node128"

    def run(self, command: str, *values: object, timeout_s: float = 60.0, shown: str = "") -> Completed:
        line = quote(command, *values)
        ran = subprocess.run(["sh", "-c", line], check=False, capture_output=True, text=True)
        return Completed(self.name, line, ran.returncode, ran.stdout, ran.stderr, 0.0, shown)


HOST = cast(Host, ThisMachine())


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "state" / "faults"
    folder.mkdir(parents=True)
    monkeypatch.setattr(undo_folder, "STATE", str(folder.parent))
    monkeypatch.setattr(undo_folder, "FOLDER", str(folder))
    return folder


def refused(tmp_path: Path) -> str:
    site = OpenSite(Site(), dict.fromkeys(("node128", "node129"), HOST), Journal(None), tmp_path)
    with pytest.raises(HostError) as caught:
        clean_up.plan(site)
    return str(caught.value)


def test_while_an_undo_of_ours_is_there_the_clean_up_sends_to_recover(folder: Path, tmp_path: Path) -> None:
    (folder / ID).write_text(UNDO)
    (folder / "notes").write_text("theirs")
    assert recorded(HOST) == Recorded(records=(ID,), others=("notes",))
    assert refused(tmp_path) == (
        f"node128: a fault is on, its undo is in {folder}. Undo it first: runbook fault recover -f FILE"
    )


@pytest.mark.parametrize("text", ["theirs", UNDO])
def test_what_is_no_undo_of_ours_is_not_taken_for_a_fault(text: str, folder: Path, tmp_path: Path) -> None:
    (folder / "notes").write_text(text)
    assert recorded(HOST) == Recorded(records=(), others=("notes",))
    assert refused(tmp_path) == (
        f"node128: {folder}/notes is no undo of ours, and would go with that folder. "
        "Look at it on node128, and move it away."
    )


def test_our_folder_goes_but_not_with_what_is_among_the_undos(folder: Path) -> None:
    undo, half = folder / ID, folder / f"{ID}.part"
    undo.write_text(UNDO)
    half.touch()
    assert recorded(HOST).others == ()
    command = forget()
    refused = HOST.run(command.command, *command.values)
    assert (refused.exit_status, undo.exists(), half.exists()) == (1, True, False)
    assert refused.stderr.splitlines()[-1] == f"{folder} is not empty: look there"
    undo.unlink()
    for _ in range(2):
        assert HOST.run(command.command, *command.values).exit_status == 0
        assert not folder.parent.exists()


@pytest.mark.timeout(20)
def test_a_pipe_or_a_link_among_the_undos_is_none_and_nobody_waits_for_it(folder: Path) -> None:
    os.mkfifo(folder / "freeze-keepalived-2")
    (folder.parent / "theirs").write_text(UNDO)
    (folder / ID).symlink_to(folder.parent / "theirs")
    assert recorded(HOST) == Recorded(records=(), others=(ID, "freeze-keepalived-2"))
