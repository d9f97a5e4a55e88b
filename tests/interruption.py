"""Stop `runbook` in the middle of an operation: a command of it is held on its machine, then something happens."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from chapter_run import Site

from runbook_lib.lab import Lab

WITHIN_S = 120.0
BUILT_WITHIN_S = 600.0
"""A run may compile keepalived."""
_WRAPPER = """#!/bin/sh
case "$*" in {pattern})
  if [ -e /run/hold ] && [ ! -e /run/held ]; then
    touch /run/held
    while [ -e /run/hold ]; do sleep 0.1; done
  fi;;
esac
exec {real} "$@"
"""
"""Before the real program in root's PATH. It holds one call, while there is /run/hold, which a reboot takes away."""
_FULL = (
    "set -e; mkdir -p {folder}; rm -rf /run/copy; cp -a {folder} /run/copy; "
    "mount -t tmpfs -o size=$(($(du -sk --apparent-size /run/copy | cut -f1) * 2 + 256))k tmpfs {folder}; "
    "cp -a /run/copy/. {folder}; rm -rf /run/copy; cat /dev/zero >{folder}/ballast 2>/dev/null || :"
)
_OURS = "ps axo pid,args | grep '[r]unbook:' || :"
_HALF_DONE = (
    "ls -d /var/lib/runbook/build /usr/local/*.part /usr/local/*new /usr/local/*old /usr/sbin/*.runbook-new "
    "/etc/keepalived/*.part /etc/keepalived/*.runbook-staged /etc/systemd/system/*.part /opt/*/*.part "
    "/usr/local/openresty/*/*.part /usr/local/openresty/*/*/*.part /usr/local/openresty/*/*/*.runbook-staged "
    "2>/dev/null || :"
)


def on(lab: Lab, machine: str, script: str) -> str:
    """stdout of a shell script as root, the network not needed; it must succeed."""
    status, out, err = lab.capture(machine, ("sh", "-c", script))
    assert status == 0, f"{machine}: {script}: {out}{err}"
    return out


def is_on(lab: Lab, machine: str) -> bool:
    return lab.status().machines[machine].state != "off"


def left(lab: Lab) -> str:
    """What of a run's commands still runs on any machine that is on."""
    return "".join(on(lab, machine, _OURS) for machine in lab.status().machines if is_on(lab, machine))


def half_done(lab: Lab) -> str:
    """Files and folders that are only there while an operation is under way."""
    return "".join(on(lab, machine, _HALF_DONE) for machine in lab.status().machines if is_on(lab, machine))


class Begun:
    """A run that is not waited for."""

    def __init__(self, site: Site, notebook: str) -> None:
        argv = [sys.executable, "-m", "runbook_lib", "run", "-f", str(site.file), "--only", notebook]
        argv += ["--out", str(site.folder / "out")]
        self.process = subprocess.Popen(argv, stdout=-1, stderr=-1, text=True, cwd=site.folder)

    @property
    def is_over(self) -> bool:
        return self.process.poll() is not None

    def ended(self, within_s: float = BUILT_WITHIN_S) -> tuple[int, str]:
        """Its exit status, and what it said."""
        try:
            out, err = self.process.communicate(timeout=within_s)
        except BaseException:
            self.kill()
            raise
        return self.process.returncode, out + err

    def kill(self) -> None:
        """SIGKILL, as the kernel does when memory is short."""
        self.process.kill()
        self.process.communicate()


@contextmanager
def held(site: Site, notebook: str, machine: str, program: str, pattern: str) -> Iterator[Begun]:
    """A run of the notebook that stands where `program` is called on the machine with arguments like `pattern`."""
    with holding(site.lab, machine, program, pattern):
        run = Begun(site, notebook)
        try:
            until(lambda: run.is_over or stands(site.lab, machine))
            assert not run.is_over, run.ended()
            yield run
        finally:
            if not run.is_over:
                run.kill()


def stands(lab: Lab, machine: str) -> bool:
    """Whether a call is held there."""
    return on(lab, machine, "ls -d /run/held 2>/dev/null || :") != ""


@contextmanager
def holding(lab: Lab, machine: str, program: str, pattern: str) -> Iterator[None]:
    """The next call of `program` on the machine with arguments like `pattern` is held."""
    wrapper = f"/usr/local/sbin/{program}"
    real = on(lab, machine, f"rm -f {wrapper} /run/held; command -v {program}").strip()
    text = _WRAPPER.format(pattern=pattern, real=real)
    on(lab, machine, f"cat >{wrapper} <<'END'\n{text}END\nchmod +x {wrapper}; touch /run/hold")
    try:
        yield
    finally:
        if is_on(lab, machine):
            lab.wait_ssh(machine)
            on(lab, machine, f"rm -f /run/hold {wrapper}")


def release(lab: Lab, machine: str) -> None:
    """Let the command that is held go on, and those that follow."""
    on(lab, machine, "rm -f /run/hold")


@contextmanager
def full_disk(lab: Lab, machine: str, folder: str) -> Iterator[None]:
    """A file system without a free byte at the folder, with its files."""
    on(lab, machine, _FULL.format(folder=folder))
    try:
        yield
    finally:
        on(lab, machine, f"umount --lazy {folder}")


@contextmanager
def busy_unit(lab: Lab, machine: str, unit: str) -> Iterator[None]:
    """A start of the unit stays `activating` as long as there is /run/hold."""
    folder = f"/etc/systemd/system/{unit}.d"
    wait = "/bin/sh -c 'while [ -e /run/hold ]; do touch /run/held; sleep 0.1; done'"
    lines = f"[Service]\nTimeoutStartSec=600\nExecStartPre={wait}\n"
    on(lab, machine, f"mkdir -p {folder}; cat >{folder}/busy.conf <<'END'\n{lines}END\nsystemctl daemon-reload")
    on(lab, machine, "rm -f /run/held; touch /run/hold")
    try:
        yield
    finally:
        on(lab, machine, f"rm -rf /run/hold {folder}; systemctl daemon-reload")


@contextmanager
def dpkg_locked(lab: Lab, machine: str) -> Iterator[None]:
    """As while the machine installs its updates."""
    lock = "import fcntl, time; f = open('/var/lib/dpkg/lock-frontend', 'w'); fcntl.lockf(f, fcntl.LOCK_EX)"
    on(lab, machine, f'python3 -c "{lock}; time.sleep(600)" >/dev/null 2>&1 & echo $! >/run/locker')
    try:
        yield
    finally:
        on(lab, machine, "kill $(cat /run/locker); rm /run/locker")


def until(holds: Callable[[], bool], within_s: float = WITHIN_S) -> None:
    """Wait for it."""
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.1)
