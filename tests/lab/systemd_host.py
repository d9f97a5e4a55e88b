"""A fresh Debian host whose PID 1 is systemd, booted here: the lab's own image, with what this machine's /usr adds.

Private PID and mount namespaces, control groups of version 2 only, no network but its loopback, two ordinary users:
`trainee`, whom sudo lets, and `guest`, whom it doesn't. It ends, with every process and mount, when its PID 1 does.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from runbook_lib.lab.cgroups import Group
from runbook_lib.lab.image import IMAGES
from runbook_lib.lab.procfs import is_init
from runbook_lib.lab.recipe import recipe
from runbook_lib.lab.root import as_root
from runbook_lib.notebook.repository import repository_top

IMAGE = IMAGES / recipe("bookworm").name
TRAINEE, GUEST = "trainee", "guest"
PYTHON = f"python3.{sys.version_info.minor}"
"""The system's own of the version that the tests' packages are installed for."""
BOOT = """\
set -e
group=$1; folder=$2; image=$3; shift 3
mount --make-rprivate /
umount --lazy /sys/fs/cgroup || true
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mkdir /sys/fs/cgroup/$group
echo 0 > /sys/fs/cgroup/$group/cgroup.procs
mkdir -p $folder/upper $folder/work $folder/root $folder/labs
mount -t overlay overlay -o lowerdir=$image,upperdir=$folder/upper,workdir=$folder/work $folder/root
mount -t overlay overlay -o lowerdir=$image/usr:/usr $folder/root/usr
root=$folder/root
echo fresh > $root/etc/hostname
echo 127.0.1.1 fresh >> $root/etc/hosts
for unit in ssh firewalld; do ln -sf /dev/null $root/etc/systemd/system/$unit.service; done
chroot $root useradd --create-home --shell /bin/bash trainee
chroot $root useradd --create-home --shell /bin/bash guest
echo 'trainee ALL=(ALL) NOPASSWD: ALL' > $root/etc/sudoers.d/trainee
SYSTEMD_NSPAWN_API_VFS_WRITABLE=yes exec systemd-nspawn --quiet --boot --directory=$root --capability=all \\
  --register=no --keep-unit --settings=no --link-journal=no --timezone=off --resolv-conf=off --console=pipe \\
  --private-network --bind=$folder/labs:/var/lib/runbook "$@"
"""
GIVE_PYTHON = f"""\
mkdir clone
cp -r /opt/runbook/runbook_lib /opt/runbook/notebooks /opt/runbook/parameters clone/
find clone -name __pycache__ -prune -exec rm -r {{}} +
{PYTHON} -m venv --without-pip .venv
{{ echo ~/clone; echo /opt/packages; }} > .venv/lib/{PYTHON}/site-packages/tests.pth
"""
LEAVE = """\
group=$1; folder=$2
if [ -d $group ]; then
  echo 1 > $group/cgroup.kill
  while grep -q 'populated 1' $group/cgroup.events; do sleep 0.05; done
  find $group -depth -type d -exec rmdir {} +
fi
rm -rf $folder
"""


@dataclass(frozen=True)
class SystemdHost:
    """The booted host."""

    leader: int
    """The process id of its systemd."""

    def run(self, user: str, *argv: str) -> subprocess.CompletedProcess[str]:
        """A command as that user, in a unit of its own, from the user's home."""
        home = "/root" if user == "root" else f"/home/{user}"
        unit = ("systemd-run", "--quiet", "--pipe", "--wait", "--collect", f"--uid={user}")
        settings = ("-E", f"HOME={home}", "-E", "LANG=C.UTF-8", "-p", f"WorkingDirectory={home}")
        inside = ("nsenter", f"--target={self.leader}", "--all", "--wd", "--", *unit, *settings, *argv)
        return subprocess.run(as_root(*inside), capture_output=True, text=True, check=False, timeout=240)

    def runbook(self, user: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`runbook …` as that user, with a clone and a Python environment of the user's own."""
        return self.run(user, f"/home/{user}/.venv/bin/python", "-m", "runbook_lib", *arguments)


@contextmanager
def systemd_host(folder: Path) -> Iterator[SystemdHost]:
    """Boot it with its disk below `folder`; nothing of it is left afterwards. AssertionError when it doesn't boot."""
    name = f"test-host-{os.getpid()}"
    group = Group(_unified() / name)
    try:
        with (folder / "console").open("wb") as console:
            process = subprocess.Popen(
                _boot(name, folder / "host"), stdin=subprocess.DEVNULL, stdout=console, stderr=console
            )
        host = SystemdHost(_wait_leader(group, folder / "console"))
        for user in (TRAINEE, GUEST):
            made = host.run(user, "sh", "-ec", GIVE_PYTHON)
            assert made.returncode == 0, made.stderr
        yield host
    finally:
        subprocess.run(as_root("sh", "-c", LEAVE, "leave", str(group.path), str(folder / "host")), check=False)
        process.wait(20)


def has_python() -> bool:
    """Whether the host will have the Python that the tests' packages are made for."""
    return any((usr / "bin" / PYTHON).exists() for usr in (Path("/usr"), IMAGE / "usr"))


def _boot(name: str, folder: Path) -> tuple[str, ...]:
    packages = sysconfig.get_path("purelib")
    binds = ("/var/cache/runbook", "/etc/alternatives", f"{repository_top()}:/opt/runbook", f"{packages}:/opt/packages")
    private = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--")
    words = ("sh", "-c", BOOT, "boot", name, str(folder), str(IMAGE), *(f"--bind-ro={path}" for path in binds))
    return as_root(*private, *words)


def _unified() -> Path:
    """Where this machine shows its control groups of version 2."""
    mounts = (line.split() for line in Path("/proc/mounts").read_text().splitlines())
    return next(Path(mount[1]) for mount in mounts if mount[2] == "cgroup2")


def _wait_leader(group: Group, console: Path, within_s: float = 60) -> int:
    """Until the host's systemd says that it has started all; its process id."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        for pid in filter(is_init, group.child("payload").processes()):
            asked = ("nsenter", f"--target={pid}", "--all", "--wd", "--", "systemctl", "is-system-running", "--wait")
            state = subprocess.run(as_root(*asked), capture_output=True, text=True, check=False).stdout.strip()
            if state in {"running", "degraded"}:
                return pid
        time.sleep(0.1)
    raise AssertionError(f"the host did not boot: {console.read_text(errors='replace')}")
