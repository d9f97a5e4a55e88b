from __future__ import annotations

import os
from pathlib import Path

import pytest

from runbook_lib.errors import LabError
from runbook_lib.lab.preflight import GIB, preflight, require_inotify, require_memory, require_room

MEMINFO = "MemTotal:       24684996 kB\nMemAvailable:    1048576 kB\n"


def test_enough_memory_is_enough() -> None:
    require_memory(MEMINFO, GIB)


def test_too_little_memory_is_named() -> None:
    with pytest.raises(LabError) as refused:
        require_memory(MEMINFO, GIB + GIB // 2)
    assert str(refused.value) == (
        "The lab needs 1.5 GiB of memory, 1.0 GiB are available. "
        "End other programs, or start it without Nacos: runbook lab up --no-nacos"
    )


def test_a_disk_that_is_too_full_is_named_though_the_folder_is_not_there_yet(tmp_path: Path) -> None:
    asked: list[Path] = []

    def free(folder: Path) -> int:
        asked.append(folder)
        return GIB

    labs = tmp_path / "not/there"
    require_room(labs, GIB, free)
    with pytest.raises(LabError) as refused:
        require_room(labs, 2 * GIB, free)
    assert str(refused.value) == (
        f"The lab needs 2.0 GiB of disk at {labs}, 1.0 GiB are free. Make room there, or mount a larger disk at {labs}."
    )
    assert asked == [tmp_path, tmp_path]


def test_too_few_inotify_instances_are_counted_and_none_is_kept() -> None:
    opened: list[int] = []

    def open_one() -> int:
        if len(opened) == 5:
            raise OSError(24, "Too many open files")
        opened.append(os.open("/dev/null", os.O_RDONLY))
        return opened[-1]

    with pytest.raises(LabError) as refused:
        require_inotify(open_one)
    assert str(refused.value) == (
        "Four machines need 36 inotify instances, only 5 are left on this one. "
        "Allow more: sudo sysctl fs.inotify.max_user_instances=1024"
    )
    for descriptor in opened:
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(descriptor)


def test_only_root_can_try(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(LabError) as refused:
        preflight()
    assert str(refused.value) == "The lab's machines need root to start. Run as root, or allow this user sudo."


@pytest.mark.lab
def test_this_machine_runs_labs() -> None:
    preflight()
