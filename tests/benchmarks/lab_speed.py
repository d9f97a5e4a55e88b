"""How fast the lab is: `.venv/bin/python tests/benchmarks/lab_speed.py [--no-nacos]`, as root, nothing else running."""

from __future__ import annotations

import os
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from runbook_lib import lab
from runbook_lib.hosts import Host
from runbook_lib.journal import Journal
from runbook_lib.lab import Lab
from runbook_lib.lab.client import connect
from runbook_lib.lab.control import peer
from runbook_lib.lab.folder import LabFolder
from runbook_lib.lab.nacos_layer import PORTS

NAME = "benchmark"
NACOS, READINESS = "http://192.168.42.128", "nacos/v1/console/health/readiness"
RUNBOOK = (sys.executable, "-m", "runbook_lib", "lab")


def seconds(work: Callable[[], object]) -> float:
    start = time.monotonic()
    work()
    return time.monotonic() - start


def command(*arguments: str) -> None:
    subprocess.run([*RUNBOOK, *arguments], check=True, stderr=subprocess.DEVNULL)


def gone_after_kill() -> float:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
        connect(connection, LabFolder(NAME))
        supervisor = peer(connection)[0]
    os.kill(supervisor, signal.SIGKILL)
    return seconds(wait_gone)


def wait_gone() -> None:
    while any(_is_ours(folder) for folder in Path("/proc").glob("[0-9]*")):
        time.sleep(0.01)


def _is_ours(process: Path) -> bool:
    try:
        zombie = (process / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
        return not zombie and f"/runbook-{NAME}-" in (process / "cgroup").read_text()
    except OSError:  # it ended meanwhile
        return False


def ssh_commands(running: Lab, count: int) -> list[float]:
    host = Host(running.endpoint("node129"), Journal(None))
    host.run("true")
    times = [seconds(lambda: host.run("true")) for _ in range(count)]
    host.close()
    return times


def wait_nacos(running: Lab) -> None:
    while any(running.capture("node128", ["curl", "-sf", f"{NACOS}:{port}/{READINESS}"])[0] for port in PORTS):
        time.sleep(0.2)


def report(what: str, times: list[float]) -> None:
    shown = ", ".join(f"{value:.3f}" for value in sorted(times)[:5])
    print(f"{what:<34} median {statistics.median(times):.3f} s of {len(times)} (fastest {shown})")


def main() -> None:
    options = ["--name", NAME, *sys.argv[1:]]
    command("down", "--name", NAME)
    ups, downs = [], []
    for _ in range(5):
        ups.append(seconds(lambda: command("up", *options)))
        downs.append(seconds(lambda: command("down", "--name", NAME)))
    report("lab up", ups)
    report("lab down", downs)
    command("up", *options)
    running = lab.find(NAME)
    if "--no-nacos" not in options:
        report("Nacos ready, after that", [seconds(lambda: wait_nacos(running))])
    report("a command over SSH", ssh_commands(running, 100))
    report("a command by exec", [seconds(lambda: running.capture("node129", ["true"])) for _ in range(50)])
    report("power-on to SSH", [_power_cycle(running) for _ in range(5)])
    report("all gone after SIGKILL", [gone_after_kill()])
    command("down", "--name", NAME)


def _power_cycle(running: Lab) -> float:
    running.power_off("node129")
    start = time.monotonic()
    running.power_on("node129")
    running.wait_ssh("node129")
    return time.monotonic() - start


if __name__ == "__main__":
    main()
