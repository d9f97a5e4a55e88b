"""An ordinary user's lab on a host whose PID 1 is systemd: as most people's machines are."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from systemd_host import GUEST, PYTHON, TRAINEE, SystemdHost, has_python, systemd_host

from runbook_lib.lab.topology import NAMES

pytestmark = pytest.mark.lab

NAME = "mine"
SUPERVISOR = f"^/home/{TRAINEE}/.venv/bin/python -B -P -m runbook_lib.lab.supervisor {NAME}"
NO_ROOT = (
    "runbook: The lab's supervisor needs root for network, disks and control groups: a password is required. "
    "Run `sudo -v` first, or run as root; who may not use it asks an administrator for that, "
    "or works on machines of their own (substrate: ssh).\n"
)
LEFT = f"""\
find /var/lib/runbook /run /tmp /dev/shm /sys/fs/cgroup -name '{NAME}*' -o -name 'runbook-{NAME}-*'
systemctl list-units --all --no-legend 'runbook-*'
pgrep --list-full --full '[n]spawn|[r]unbook_lib'
grep -E 'overlay /|netns' /proc/mounts
ip -o link
"""
"""What a lab could leave: files and groups, units, processes, mounts, links."""


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SystemdHost]:
    if not has_python():
        pytest.skip(f"neither this machine nor the image has /usr/bin/{PYTHON}, which the users' environments need")
    with systemd_host(tmp_path_factory.mktemp("systemd-host")) as booted:
        yield booted


@pytest.fixture
def lab(host: SystemdHost) -> Iterator[None]:
    """The trainee's is up."""
    try:
        up = host.runbook(TRAINEE, "lab", "up", "--no-nacos", "--name", NAME)
        assert up.returncode == 0, up.stderr
        yield
    finally:
        host.runbook(TRAINEE, "lab", "down", "--name", NAME)


def roots_processes(host: SystemdHost) -> list[str]:
    """The command lines of root's that belong to no machine and are not the host's own."""
    shown = host.run("root", "ps", "-eo", "user=,cgroup:200=,args=").stdout.splitlines()
    words = [line.split(maxsplit=2) for line in shown]
    return [
        args for user, group, args in words if user == "root" and "runbook" in group + args and "/payload" not in group
    ]


def test_the_lab_lives_in_a_scope_that_systemd_gave_away(host: SystemdHost, lab: None) -> None:
    listed = host.run("root", "systemctl", "list-units", "--plain", "--no-legend", "runbook-*").stdout
    scope = listed.partition(" ")[0]
    assert re.fullmatch(rf"runbook-{NAME}-[0-9a-f]{{8}}\.scope", scope)
    shown = host.run("root", "systemctl", "show", scope, "-p", "Delegate", "-p", "ActiveState").stdout
    assert sorted(shown.split()) == ["ActiveState=active", "Delegate=yes"]
    groups = host.run("root", "sh", "-c", f"cd /sys/fs/cgroup/system.slice/{scope} && ls -d */").stdout.split()
    assert sorted(groups) == sorted(f"{name}/" for name in (*NAMES, "supervisor"))
    for manager in ("daemon-reload", "daemon-reexec"):  # systemd sets every group anew that it has not given away
        host.run("root", "systemctl", manager)
        asked = ("systemctl", "is-system-running", "--wait")
        ran = host.runbook(TRAINEE, "lab", "exec", "--name", NAME, "node128", "--", *asked)
        assert (ran.stdout, ran.stderr) == ("running\n", "")


def test_only_the_supervisor_runs_as_root(host: SystemdHost, lab: None) -> None:
    supervisor, *machines = sorted(roots_processes(host), key=lambda args: "nspawn" in args)
    assert re.fullmatch(SUPERVISOR, supervisor)
    assert sorted(re.findall(r"--machine=(\w+)", " ".join(machines))) == sorted(NAMES)
    assert len(machines) == len(NAMES), machines
    assert host.run("root", "find", f"/home/{TRAINEE}", "!", "-user", TRAINEE).stdout == "", "root wrote into the clone"


def test_another_user_gets_nothing_of_it(host: SystemdHost, lab: None) -> None:
    for command in (("status",), ("exec", "node128", "--", "id"), ("ssh", "node128")):
        asked = host.runbook(GUEST, "lab", command[0], "--name", NAME, *command[1:])
        told = f"runbook: Lab '{NAME}' belongs to another user. Start one of your own with --name.\n"
        assert (asked.returncode, asked.stdout, asked.stderr) == (2, "", told)


def test_who_has_no_sudo_is_told_what_to_do(host: SystemdHost, lab: None) -> None:
    for command, name in (("up", "other"), ("down", NAME)):
        refused = host.runbook(GUEST, "lab", command, "--name", name)
        assert (refused.returncode, refused.stdout) == (2, "")
        assert refused.stderr.endswith(NO_ROOT)
    assert host.runbook(TRAINEE, "lab", "status", "--name", NAME).stdout.startswith(f"lab {NAME}: running\n")


def test_down_leaves_nothing_also_after_the_supervisor_was_killed(host: SystemdHost) -> None:
    before = host.run("root", "sh", "-c", LEFT).stdout
    for ends in (["true"], ["pkill", "--signal", "KILL", "--full", SUPERVISOR]):
        up = host.runbook(TRAINEE, "lab", "up", "--no-nacos", "--name", NAME)
        assert up.returncode == 0, up.stderr
        host.run("root", *ends)
        down = host.runbook(TRAINEE, "lab", "down", "--name", NAME)
        assert (down.returncode, down.stderr) == (0, f"lab {NAME}: removed\n")
        assert host.run("root", "sh", "-c", LEFT).stdout == before
