"""Each operation of notebooks 00-08, interrupted in its middle: a clear error, then a run that ends green."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

import pytest
from chapter_run import Finished, Site
from interruption import Begun, busy_unit, dpkg_locked, full_disk, half_done, held, is_on, left, on, release, until

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]
UNITS = "/etc/systemd/system"
PREFIX = "/usr/local/keepalived"


@dataclass(frozen=True)
class Operation:
    """One operation, on the machine on which it is interrupted."""

    notebook: str
    undo: str
    """A script that gives it something to do there."""
    program: str
    """Where it is held: this program, with these arguments."""
    pattern: str
    disk: str = ""
    """What it needs space in; empty: it writes nothing that a full disk would refuse."""
    machine: str = "node129"
    also: str = ""
    """The same script for this machine, too."""
    exit_status: int = 2
    """Of a run that loses the machine: it could not go on, or a check failed."""


OPERATIONS = {
    "look": Operation("00", ":", "df", "'-Pm /var/lib'", exit_status=1),
    "entry": Operation(
        "01",
        "systemctl disable --now openresty; rm -rf /usr/local/openresty /etc/systemd/system/openresty.service; "
        "systemctl daemon-reload",
        "systemctl", "'restart openresty'*", "/usr/local/openresty",
    ),
    "ports": Operation(
        "01", "for o in --permanent ''; do firewall-cmd -q $o --remove-port=80/tcp; done",
        "firewall-cmd", "*--add-port*", "/etc/firewalld/zones",
    ),
    "build": Operation("02", f"rm -rf {PREFIX}", "make", "*", "/var/lib", also="node128"),
    "copy": Operation(
        "02", f"rm -rf {PREFIX}", "mv", f"*'{PREFIX}.runbook.part {PREFIX}'", "/usr/local", machine="node128",
    ),
    "register": Operation(
        "03", f"rm -f /usr/sbin/keepalived {UNITS}/keepalived.service", "install", "*keepalived.runbook-new", UNITS,
    ),
    "enable": Operation("03", "systemctl disable keepalived", "systemctl", "'enable keepalived'*"),
    "vrrp": Operation(
        "04", "for o in --permanent ''; do firewall-cmd -q $o --remove-protocol=vrrp; done",
        "firewall-cmd", "*--add-protocol*", "/etc/firewalld/zones",
    ),
    "config": Operation("05", "rm /etc/keepalived/keepalived.conf", "mv", "*/keepalived.conf", "/etc/keepalived"),
    "script": Operation("06", "rm /etc/keepalived/openresty_check.sh", "mv", "*/openresty_check.sh", "/etc/keepalived"),
    "start": Operation("07", "systemctl stop keepalived", "systemctl", "'start keepalived'*"),
    "client": Operation(
        "08", "rm -rf /opt/nacos-consumer-sample", "systemctl", "'restart nacos-consumer-sample'*", "/opt",
        machine="client",
    ),
}  # fmt: skip
"""By a name for the test's id."""


@pytest.fixture
def site(finished: Finished) -> Iterator[Site]:
    """The chapter's site; after the test nothing of a run is left on any machine."""
    yield finished.site
    lab = finished.site.lab
    for machine in lab.status().machines:
        assert is_on(lab, machine)
    until(lambda: not left(lab), 10)
    assert half_done(lab) == ""


def undo(site: Site, operation: Operation) -> None:
    for machine in filter(None, (operation.machine, operation.also)):
        on(site.lab, machine, operation.undo)


def interrupted(site: Site, operation: Operation) -> AbstractContextManager[Begun]:
    """A run that is held in the middle of the operation."""
    undo(site, operation)
    return held(site, operation.notebook, operation.machine, operation.program, operation.pattern)


def assert_clear(ended: tuple[int, str], message: str, exit_status: int = 2) -> None:
    status, said = ended
    assert status == exit_status, said
    assert "Traceback" not in said
    assert re.search(message, said), said


def assert_green(site: Site, operation: Operation) -> str:
    """A run ends well; what it said."""
    status, said = Begun(site, operation.notebook).ended()
    assert status in (0, 3), said
    return said


def lost(operation: Operation) -> str:
    return rf"{operation.machine}: the session ended during `[^`]*`; it may have run.*See whether the machine is on"


@contextmanager
def without_ssh(site: Site, machine: str) -> Iterator[None]:
    """sshd and every session of it are dead."""
    on(site.lab, machine, "systemctl stop ssh; pkill -KILL -x sshd || :")
    try:
        yield
    finally:
        on(site.lab, machine, "systemctl start ssh")


def session_killed(site: Site, operation: Operation) -> None:
    with interrupted(site, operation) as run, without_ssh(site, operation.machine):
        assert_clear(run.ended(), lost(operation), operation.exit_status)
        assert_clear(Begun(site, operation.notebook).ended(), f"{operation.machine} .*can't be reached over SSH: ")
    assert_green(site, operation)


def silent(site: Site, operation: Operation) -> None:
    with interrupted(site, operation) as run:
        on(site.lab, operation.machine, "pkill -STOP -x sshd")
        try:
            assert_clear(run.ended(), lost(operation), operation.exit_status)
            again = f"{operation.machine} .*can't be reached over SSH: no answer within 10 s"
            assert_clear(Begun(site, operation.notebook).ended(), again)
        finally:
            on(site.lab, operation.machine, "pkill -CONT -x sshd")
    assert_green(site, operation)


def rebooted(site: Site, operation: Operation) -> None:
    with interrupted(site, operation) as run:
        site.lab.reboot(operation.machine)
        assert_clear(run.ended(), lost(operation), operation.exit_status)
    assert_green(site, operation)


def powered_off(site: Site, operation: Operation) -> None:
    with interrupted(site, operation) as run:
        site.lab.power_off(operation.machine)
        assert_clear(run.ended(), lost(operation), operation.exit_status)
    assert f"recovered: {operation.machine}" in assert_green(site, operation)


def controller_killed(site: Site, operation: Operation) -> None:
    with interrupted(site, operation) as run:
        run.kill()
        # What the machine hears of ends by itself; what had read all of its stdin, the next run ends.
        said = assert_green(site, operation)
        assert left(site.lab) == "", said


def disk_full(site: Site, operation: Operation) -> None:
    undo(site, operation)
    with full_disk(site.lab, operation.machine, operation.disk):
        message = rf"No space left on {operation.machine} in {operation.disk}\S*: .*\. Free some there"
        assert_clear(Begun(site, operation.notebook).ended(), message)
        on(site.lab, operation.machine, f"rm {operation.disk}/ballast")
    assert_green(site, operation)


INTERRUPTIONS = (session_killed, silent, rebooted, powered_off, controller_killed, disk_full)


@pytest.mark.parametrize(
    ("name", "interrupt"),
    [
        ("config", session_killed),
        ("vrrp", rebooted),
        ("script", powered_off),
        ("copy", controller_killed),
        ("register", disk_full),
    ],
)  # fmt: skip
def test_an_operation_is_interrupted(site: Site, name: str, interrupt: object) -> None:
    assert callable(interrupt)
    interrupt(site, OPERATIONS[name])


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("interrupt", INTERRUPTIONS)
@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_is_interrupted_in_every_way(site: Site, name: str, interrupt: object) -> None:
    assert callable(interrupt)
    if interrupt is disk_full and not OPERATIONS[name].disk:
        pytest.skip("it writes nothing that a full disk would refuse")
    interrupt(site, OPERATIONS[name])


def test_updates_and_a_busy_systemd_are_waited_for(site: Site) -> None:
    start = OPERATIONS["start"]
    undo(site, start)
    with dpkg_locked(site.lab, start.machine), busy_unit(site.lab, start.machine, "keepalived.service"):
        run = Begun(site, start.notebook)
        until(lambda: run.is_over or on(site.lab, start.machine, "ls -d /run/held || :") != "")
        release(site.lab, start.machine)
        status, said = run.ended()
        assert status in (0, 3), said


@pytest.mark.slow
def test_a_systemd_that_stays_busy_is_waited_for_a_minute(site: Site) -> None:
    start = OPERATIONS["start"]
    undo(site, start)
    with busy_unit(site.lab, start.machine, "keepalived.service"):
        assert_clear(
            Begun(site, start.notebook).ended(),
            r"node129: `systemctl start keepalived\.service` took more than 60 s and was ended\. See on node129 what",
        )
        release(site.lab, start.machine)
    assert_green(site, start)
