"""Up, down, and a supervisor that is killed: nothing may be left."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from terminal import LISTENING, on_a_terminal
from traces import Traces, as_root, files_of, namespaces_of, processes_of, wait_ended, wait_gone

from runbook_lib import lab
from runbook_lib.errors import INTERRUPTED, LabError
from runbook_lib.lab import Lab
from runbook_lib.lab.client import connect
from runbook_lib.lab.control import peer
from runbook_lib.lab.folder import LabFolder
from runbook_lib.lab.topology import NAMES

pytestmark = pytest.mark.lab


@pytest.fixture
def name() -> Iterator[str]:
    own = f"test-life-{os.getpid()}"
    yield own
    lab.down(own)


def up(name: str) -> Lab:
    return lab.up(name, with_nacos=False, progress=lambda _: None)


def supervisor_of(name: str) -> int:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
        connect(connection, LabFolder(name))
        return peer(connection)[0]


def test_up_up_down_down_leaves_nothing(name: str) -> None:
    before = Traces.now()
    first, second = up(name), up(name)
    assert first.status() == second.status()
    running = processes_of(name)
    assert len(running) > len(NAMES)
    assert Traces.now() == before, "a running lab is invisible outside, too"
    namespaces = namespaces_of(running)
    assert lab.down(name) is True
    assert lab.down(name) is False
    assert Traces.now() == before
    assert processes_of(name) == []
    wait_ended(namespaces)
    assert files_of(name) == []


def test_a_killed_supervisor_takes_all_with_it_and_up_works_at_once(name: str) -> None:
    before = Traces.now()
    up(name)
    as_root("kill", "-KILL", str(supervisor_of(name)))
    wait_gone(name)
    again = up(name)
    assert again.capture("node128", ["hostname"]) == (0, "node128\n", "")
    namespaces = namespaces_of(processes_of(name))
    as_root("kill", "-KILL", str(supervisor_of(name)))
    assert lab.down(name) is True
    assert processes_of(name) == []
    wait_ended(namespaces)
    assert files_of(name) == []
    assert Traces.now() == before


def argv(command: str, name: str, *options: str) -> list[str]:
    return [sys.executable, "-m", "runbook_lib", "lab", command, "--name", name, *options]


def nothing_left(name: str) -> None:
    assert processes_of(name) == []
    assert files_of(name) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("send", [os.kill, os.killpg])
@pytest.mark.parametrize("after_s", [0.0, 0.7])
def test_an_interrupted_up_leaves_nothing(
    name: str, number: signal.Signals, send: Callable[[int, int], None], after_s: float
) -> None:
    """Ctrl-C goes to the whole group, `kill` to the command alone."""
    up = [*LISTENING, *argv("up", name, "--no-nacos")]
    with subprocess.Popen(up, stderr=subprocess.PIPE, text=True, start_new_session=True) as starting:
        assert starting.stderr is not None
        assert starting.stderr.readline() == f"lab {name}: starting 4 machines\n"
        time.sleep(after_s)  # the folder is made; the machines boot
        send(starting.pid, number)
        assert starting.wait(20) == INTERRUPTED
    nothing_left(name)


def test_an_up_whose_terminal_is_closed_leaves_nothing(name: str) -> None:
    with on_a_terminal(argv("up", name, "--no-nacos")) as terminal:
        assert "starting 4 machines" in terminal.read()
        terminal.close()
        assert terminal.process.wait(20) == INTERRUPTED
    nothing_left(name)


def test_nohup_goes_on_when_its_terminal_is_closed(name: str, tmp_path: Path) -> None:
    with on_a_terminal(["nohup", *argv("up", name, "--no-nacos")], tmp_path) as terminal:
        terminal.read()
        while "starting 4 machines" not in (tmp_path / "nohup.out").read_text():  # nohup speaks before it ignores
            time.sleep(0.05)
        terminal.close()
        assert terminal.process.wait(60) == 0
    assert lab.status(name).state == "running"


def test_up_goes_on_when_nobody_reads_its_last_line(name: str) -> None:
    with subprocess.Popen(argv("up", name, "--no-nacos"), stderr=subprocess.PIPE, text=True) as starting:
        assert starting.stderr is not None
        assert "starting 4 machines" in starting.stderr.readline()
        starting.stderr.close()
        assert starting.wait(60) == 0
    assert lab.status(name).state == "running"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_down_comes_to_its_end(name: str, number: signal.Signals) -> None:
    up(name)
    with subprocess.Popen(
        [*LISTENING, *argv("down", name)], stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as ending:
        wait_gone(name, 20)
        os.killpg(ending.pid, number)
        assert ending.wait(20) in (0, INTERRUPTED)
    nothing_left(name)


def test_two_ups_of_one_name_make_one_lab(name: str) -> None:
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(up, (name, name))
    assert first.status() == second.status()
    assert len({pid for pid in processes_of(name) if _command(pid).endswith(f"lab.supervisor\0{name}\0")}) == 1


def test_two_labs_live_side_by_side_with_the_same_addresses(name: str, lab_without_nacos: Lab) -> None:
    other = up(name)
    for one in (other, lab_without_nacos):
        one.capture("node129", ["sh", "-c", f"echo {one.name} > /root/whose"])
    status, text, _ = other.capture("node128", ["ping", "-c1", "-W2", "192.168.42.129"])
    assert status == 0, text
    assert other.capture("node129", ["cat", "/root/whose"])[1] == f"{name}\n"
    assert lab_without_nacos.capture("node129", ["cat", "/root/whose"])[1] == f"{lab_without_nacos.name}\n"


def test_a_running_lab_of_another_release_is_refused(lab_without_nacos: Lab) -> None:
    with pytest.raises(LabError) as refused:
        lab.up(lab_without_nacos.name, release="trixie", with_nacos=False)
    assert refused.value.what.startswith(f"Lab '{lab_without_nacos.name}' runs already, from image bookworm-")
    assert refused.value.todo == f"Take it down first: runbook lab down --name {lab_without_nacos.name}"


def test_a_running_lab_without_nacos_is_refused_where_nacos_is_wanted(lab_without_nacos: Lab) -> None:
    with pytest.raises(LabError) as refused:
        lab.up(lab_without_nacos.name)
    assert str(refused.value) == (
        f"Lab '{lab_without_nacos.name}' runs already, without Nacos. "
        f"Take it down first: runbook lab down --name {lab_without_nacos.name}"
    )


def _command(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/cmdline") as file:  # noqa: PTH123 - a kernel's file, not a path of ours
            return file.read()
    except OSError:
        return ""
