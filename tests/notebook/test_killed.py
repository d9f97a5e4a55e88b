"""A run that is killed at any moment: the next one ends green, and nothing of the first is left anywhere."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from chapter_run import Site
from conftest import own_lab

from runbook_lib.lab.topology import NAMES
from runbook_lib.notebook.repository import repository_top

pytestmark = [pytest.mark.lab, pytest.mark.slow, pytest.mark.timeout(1200)]

KILLS = 20
LEFT = r"""
find /etc /root /usr/local /usr/sbin /var/lib/runbook -xdev \( -name '*.part' -o -name '*.runbook-staged' -o \
  -name '*.runbook-new' -o -path '/usr/local/*old' -o -name .restored \
  -o -path '*/runbook/build' -o -path '*/runbook/faults/*' \)
ps -eo pid=,cgroup:200=,args= | awk '$2 ~ /ssh.service|session-/ && !/sshd/'
true"""
"""Names what only a step that was not finished leaves, and what was started over SSH and still runs."""


@dataclass
class Killing:
    """A site, and how long its runs take: from nothing, and with nothing to change."""

    site: Site
    whole_s: float
    again_s: float


@pytest.fixture(scope="module")
def killing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Killing]:
    with own_lab("killed", with_nacos=True) as lab:
        site = Site(lab, tmp_path_factory.mktemp("killed"))
        yield Killing(site, timed(site), timed(site))


def timed(site: Site) -> float:
    begun = time.monotonic()
    site.run()
    return time.monotonic() - begun


@pytest.mark.parametrize("seed", range(KILLS))
def test_the_next_run_ends_green_and_nothing_is_left(killing: Killing, seed: int) -> None:
    """Odd ones begin with a site where all is to be done, even ones with a finished one."""
    site = killing.site
    fresh = seed % 2 == 1
    if fresh:
        site.run("--only", "90")
    kill_after(site, random.Random(seed).uniform(0.0, killing.whole_s if fresh else killing.again_s))
    site.run()
    assert {name: site.lab.capture(name, ("sh", "-c", LEFT))[1] for name in NAMES} == dict.fromkeys(NAMES, "")
    assert kernels() == ""


def kill_after(site: Site, seconds: float) -> None:
    """Start a run, and end it by SIGKILL so many seconds later; itself alone, as the kernel's OOM killer does."""
    argv = [sys.executable, "-m", "runbook_lib", "run", "-f", str(site.file), "--out", str(site.folder / "killed")]
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=site.folder) as running:
        time.sleep(seconds)
        running.send_signal(signal.SIGKILL)


def kernels() -> str:
    """Kernels that were started from here and have lost their runner."""
    listed = subprocess.run(("pgrep", "-af", "ipykernel_launcher"), capture_output=True, text=True, check=False).stdout
    here = str(Path(sys.prefix))
    orphans = [line for line in listed.splitlines() if here in line and str(repository_top()) in line]
    return "\n".join(line for line in orphans if parent(int(line.split()[0])) == 1)


def parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[1])
    except FileNotFoundError:
        return 0
