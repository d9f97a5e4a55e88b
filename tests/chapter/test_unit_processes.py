"""Only what is in a unit's control group is listed or signalled: by a node's own shell, on groups made up here."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from runbook_lib.chapter.unit_processes import has_stopped, list_processes, signal_processes

UNIT = "our entry.service"


class Node:
    """Programs that sleep, some of them in the unit's group as a systemctl of ours tells it."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self.stack = stack
        self.group(UNIT)

    def start(self, name: str) -> subprocess.Popen[bytes]:
        program = self.folder / name
        if not program.exists():
            shutil.copy("/bin/sleep", program)
        running = subprocess.Popen([program, "60"])
        self.stack.callback(running.wait)
        self.stack.callback(running.kill)
        return running

    def group(self, ends_in: str, *inside: subprocess.Popen[bytes]) -> None:
        place = self.folder / "cgroup" / "system.slice" / ends_in
        place.mkdir(parents=True, exist_ok=True)
        (place / "cgroup.procs").write_text("".join(f"{process.pid}\n" for process in inside))
        (self.folder / "systemctl").write_text(f"#!/bin/sh\necho 'ControlGroup=/system.slice/{ends_in}'\n")
        (self.folder / "systemctl").chmod(0o755)

    def shell(self, script: str) -> subprocess.CompletedProcess[str]:
        script = f"PATH={self.folder}:$PATH; {script}".replace("/sys/fs/cgroup", str(self.folder / "cgroup"))
        return subprocess.run(["sh", "-c", script], check=False, capture_output=True, text=True)


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    with ExitStack() as stack:
        yield Node(tmp_path, stack)


def test_only_processes_of_the_unit_with_this_name_are_signalled(node: Node) -> None:
    ours, other, stranger = node.start("openresty"), node.start("keepalived"), node.start("openresty")
    node.group(UNIT, ours, other)
    ran = node.shell(signal_processes("KILL", UNIT, "openresty"))
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ours.wait(10) == -9
    assert (other.poll(), stranger.poll()) == (None, None)


def test_a_group_that_is_not_the_units_is_nobodys(node: Node) -> None:
    stranger = node.start("openresty")
    node.group("their.service", stranger)
    ran = node.shell(f"{signal_processes('KILL', UNIT, 'openresty')}; {list_processes(UNIT, 'openresty')}")
    assert (ran.returncode, ran.stdout, stranger.poll()) == (0, "", None)


def test_those_of_the_unit_are_listed(node: Node) -> None:
    ours, other = node.start("openresty"), node.start("keepalived")
    node.group(UNIT, ours, other)
    assert node.shell(list_processes(UNIT, "openresty")).stdout.split() == [str(ours.pid)]
    assert len(node.shell(list_processes(UNIT, "openresty", "keepalived")).stdout.split()) == 2
    assert len(node.shell(list_processes(UNIT)).stdout.split()) == 2


def test_a_process_that_is_stopped_is_seen(node: Node) -> None:
    ours, stranger = node.start("openresty"), node.start("openresty")
    node.group(UNIT, ours)
    node.shell(f"kill -STOP {stranger.pid}")
    assert node.shell(has_stopped(UNIT)).returncode == 1
    node.shell(f"kill -STOP {ours.pid}")
    assert node.shell(has_stopped(UNIT)).returncode == 0
