"""The room on real machines: OpenSSH's sshd, sudo, power and cables."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from runbook_lib.errors import (
    CommandTimeoutError,
    DiskFullError,
    HostKeyError,
    SessionLostError,
    TransferError,
    UnreachableError,
)
from runbook_lib.hosts import Endpoint, Host, Mark, connection
from runbook_lib.hosts.host_keys import parse_key
from runbook_lib.journal import Journal
from runbook_lib.lab import Lab
from runbook_lib.outward import Secret

pytestmark = pytest.mark.lab
MACHINE = "client"
"""Runs nothing that another test needs."""
PASSWORD = "corr'ect horse"


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal.jsonl")


@pytest.fixture
def host(lab_without_nacos: Lab, journal: Journal) -> Iterator[Host]:
    opened = Host(lambda: lab_without_nacos.endpoint(MACHINE), journal)
    yield opened
    opened.close()


@pytest.fixture
def operator(host: Host, lab_without_nacos: Lab) -> Iterator[Endpoint]:
    """A user who may become root with a password, until the test says otherwise."""
    host.run("useradd --create-home op").check()
    host.run("chpasswd", stdin=f"op:{PASSWORD}\n".encode()).check()
    host.run("install -D -o op -g op /root/.ssh/authorized_keys /home/op/.ssh/authorized_keys").check()
    host.write_file("/etc/sudoers.d/op", b"op ALL=(ALL) ALL\n", mode=0o440)
    yield replace(lab_without_nacos.endpoint(MACHINE), user="op", sudo=True, sudo_password=Secret(PASSWORD))
    host.run("rm /etc/sudoers.d/op; userdel --force --remove op 2>&1").check()


def processes(host: Host, words: str) -> str:
    return host.run("pgrep -ax -f %s", words).check(normal=(0, 1)).stdout  # 1: there is none


def test_a_command_its_streams_and_its_end(host: Host) -> None:
    done = host.run("id -un; head -c 3000000 /dev/zero >&2; exit 3")
    assert (done.exit_status, done.stdout, len(done.stderr)) == (3, "root\n", 3_000_000)
    assert host.run("kill -SEGV $$").exit_status == 139


def test_the_time_limit_ends_it_on_the_machine(host: Host) -> None:
    with pytest.raises(CommandTimeoutError):
        host.run("sleep 61.5 & sleep 61.5", timeout_s=0.3)
    assert processes(host, "sleep 61.5") == ""


def test_nothing_runs_on_when_the_session_is_gone(lab_without_nacos: Lab, host: Host) -> None:
    other = Host(lab_without_nacos.endpoint(MACHINE), Journal(None))
    lines = other.start("echo ready; sleep 62.5").lines()
    assert next(lines) == "ready"
    other.close()  # as when the controller is killed
    assert list(lines) == []
    host.run("i=0; while pgrep -x -f 'sleep 62.5' && [ $i -lt 50 ]; do i=$((i+1)); sleep 0.1; done").check()
    assert processes(host, "sleep 62.5") == ""


def test_stop_ends_it_on_the_machine(host: Host) -> None:
    with host.start("echo ready; sleep 63.5") as running:
        assert next(running.lines()) == "ready"
    assert processes(host, "sleep 63.5") == ""


def test_a_full_disk_leaves_nothing_behind(host: Host) -> None:
    host.run("mkdir -p /mnt/small; mount -t tmpfs -o size=64k tmpfs /mnt/small").check()
    with pytest.raises(DiskFullError, match="No space left on client in /mnt/small: /mnt/small/f could not be written"):
        host.write_file("/mnt/small/f", b"x" * 1_000_000)
    assert host.run("ls -A /mnt/small; umount /mnt/small; rmdir /mnt/small").check().stdout == ""


def test_a_masked_unit_is_not_replaced_nor_what_it_leads_to(host: Host) -> None:
    unit = "/etc/systemd/system/keepalived.service"
    host.run("systemctl mask keepalived.service").check()
    with pytest.raises(TransferError) as caught:
        host.write_file(unit, b"[Unit]\n")
    assert str(caught.value) == (
        f"client: a symbolic link to /dev/null stands at {unit}, and is not replaced. "
        "Unmask it: systemctl unmask keepalived.service"
    )
    with pytest.raises(TransferError, match="a character special file stands at /dev/null, and is not replaced"):
        host.write_file("/dev/null", b"")
    assert (
        host.run(
            "stat -c %%F /dev/null; systemctl is-enabled keepalived.service; systemctl unmask keepalived.service"
        ).stdout
        == "character special file\nmasked\n"
    )
    assert host.write_file(unit, b"[Unit]\n") is True
    host.run("rm %s", unit).check()


def test_a_tree_goes_from_one_machine_to_another(lab_without_nacos: Lab, host: Host) -> None:
    source = Host(lab_without_nacos.endpoint("observer"), Journal(None))
    source.run(
        "mkdir -p /opt/tree/sub; echo 1 > /opt/tree/sub/f; chown 7:8 /opt/tree/sub/f; chmod 4750 /opt/tree/sub/f"
    ).check()
    host.run("mkdir -p /opt/tree; touch /opt/tree/old").check()
    host.copy_tree_from(source, "/opt/tree")
    shown = host.run("find /opt/tree* ! -type d -exec stat -c '%%n %%u:%%g %%a' {} +; ls /opt; rm -r /opt/tree")
    assert shown.check().stdout == "/opt/tree/sub/f 7:8 4750\ntree\n"
    source.run("rm -r /opt/tree").check()
    source.close()


def test_a_machine_that_loses_power_is_said_to_be_off_and_found_again(lab_without_nacos: Lab, host: Host) -> None:
    host.run("true")
    once_it_runs(lab_without_nacos, "sleep 30", lambda: lab_without_nacos.power_off(MACHINE))
    with pytest.raises(SessionLostError, match="the session ended during `sleep 30`; it may have run"):
        host.run("sleep 30")
    with pytest.raises(UnreachableError) as caught:
        host.run("true")
    port = lab_without_nacos.ssh_port(MACHINE)
    assert str(caught.value) == (
        f"client (127.0.0.1 port {port}) can't be reached over SSH: it closed the connection, as a machine that is off "
        "or booting does. See whether it is on and its sshd runs."
    )
    lab_without_nacos.power_on(MACHINE)
    lab_without_nacos.wait_ssh(MACHINE)
    assert host.run("hostname").stdout == "client\n"


def test_a_reboot_between_two_commands(lab_without_nacos: Lab, host: Host) -> None:
    boot_id = "cat /proc/sys/kernel/random/boot_id"
    before = host.run(boot_id).check().stdout
    lab_without_nacos.reboot(MACHINE)
    lab_without_nacos.wait_ssh(MACHINE)
    assert host.run(boot_id).check().stdout != before


def test_a_wrong_host_key(lab_without_nacos: Lab) -> None:
    right, other = lab_without_nacos.endpoint(MACHINE), lab_without_nacos.endpoint("observer")
    with pytest.raises(HostKeyError) as caught:
        Host(replace(right, host_key=other.host_key), Journal(None)).run("true")
    seen, pinned = parse_key(right.host_key or ""), parse_key(other.host_key or "")
    assert str(caught.value) == (
        f"client (127.0.0.1 port {right.port}) shows the host key {seen}, not the pinned {pinned}. "
        "Another machine answers there: find out which."
    )


@pytest.mark.parametrize("rights", ["ALL", "NOPASSWD: ALL"])
def test_sudo(host: Host, operator: Endpoint, journal: Journal, rights: str) -> None:
    host.write_file("/etc/sudoers.d/op", f"op ALL=(ALL) {rights}\n".encode(), mode=0o440)
    root = Host(operator, journal)
    assert root.run("id -un; cat").stdout == "root\n"
    assert root.run("cat", stdin=b"input").stdout == "input"
    assert root.write_file("/root/by-op", b"x") is True
    with pytest.raises(CommandTimeoutError):
        root.run("sleep 64.5", timeout_s=0.3)
    assert processes(host, "sleep 64.5") == ""
    with root.start("echo ready; sleep 65.5") as running:
        assert next(running.lines()) == "ready"
    assert processes(host, "sleep 65.5") == ""
    root.close()
    host.run("rm /root/by-op").check()
    assert journal.path
    assert "ect horse" not in journal.path.read_text()


def test_sudo_refuses(host: Host, operator: Endpoint) -> None:
    with pytest.raises(UnreachableError) as caught:
        Host(replace(operator, sudo_password=Secret("wrong")), Journal(None)).run("true")
    assert str(caught.value) == (
        "client: sudo refuses op: sudo: 1 incorrect password attempt. "
        "Correct the password in the environment, or give op NOPASSWD in its sudoers."
    )


def test_a_password(operator: Endpoint) -> None:
    by_password = replace(operator, key_file=None, password=Secret(PASSWORD), sudo=False)
    host = Host(by_password, Journal(None))
    assert host.run("id -un").stdout == "op\n"
    host.close()


def test_what_a_lost_session_left_is_ended_by_the_next_one(lab_without_nacos: Lab, host: Host) -> None:
    mark = Mark("owner", "r1")
    lost, other = (Host(lab_without_nacos.endpoint(MACHINE), Journal(None), m) for m in (mark, Mark("owner")))
    other_runs = other.start("sleep 67.5")
    begin = threading.Thread(target=lambda: _ignore_loss(lambda: lost.run("cat; sleep 66.5", stdin=b"")))
    begin.start()
    host.run("i=0; until pgrep -x -f 'sleep 66.5' || [ $i -gt 99 ]; do i=$((i+1)); sleep 0.1; done").check()
    lab_without_nacos.capture(MACHINE, ("sh", "-c", "systemctl stop ssh; pkill -KILL -x sshd; systemctl start ssh"))
    begin.join()
    assert processes(host, "sleep 66.5") != ""
    lost.run("true").check()
    assert processes(host, "sleep 66.5") == ""
    other_runs.stop()


def test_a_run_ends_what_earlier_runs_left_and_nothing_else(lab_without_nacos: Lab, host: Host) -> None:
    marks = Mark("owner", "r1"), Mark("owner", "r2"), Mark("owner"), Mark("another", "r1")
    hosts = [Host(lab_without_nacos.endpoint(MACHINE), Journal(None), mark) for mark in marks]
    running = [one.start("sleep 68.%s", number) for number, one in enumerate(hosts)]
    host.run("i=0; until [ $(pgrep -x -c sleep) -ge 4 ] || [ $i -gt 99 ]; do i=$((i+1)); sleep 0.1; done").check()
    assert Host(lab_without_nacos.endpoint(MACHINE), Journal(None), marks[1]).end_leftovers() == ("sleep 68.0",)
    assert [bool(processes(host, f"sleep 68.{number}")) for number in range(4)] == [False, True, True, True]
    for one in running:
        one.stop()


def test_what_somebody_else_runs_under_our_mark_is_left_alone(lab_without_nacos: Lab, host: Host) -> None:
    theirs = "setpriv --reuid 4711 --clear-groups sh -c 'sleep 68.7; exit' runbook:owner:r1:x"
    running = host.start(f"sh -c {theirs!r}; :")
    host.run("i=0; until pgrep -x -f 'sleep 68.7' || [ $i -gt 99 ]; do i=$((i+1)); sleep 0.1; done").check()
    end = Host(lab_without_nacos.endpoint(MACHINE), Journal(None), Mark("owner", "r2"))
    assert end.end_leftovers() == ()
    assert processes(host, "sleep 68.7") != ""
    running.stop()


def test_a_sudo_that_records_what_passes_hides_no_process(host: Host, operator: Endpoint) -> None:
    rules = b"Defaults:op log_output, log_input, use_pty\nop ALL=(ALL) ALL\n"
    host.write_file("/etc/sudoers.d/op", rules, mode=0o440)
    root = Host(operator, Journal(None))
    assert root.run("printf 'a\\nb'; printf 'c\\n' >&2; id -un").stdout == "a\nbroot\n"
    assert root.run("cat", stdin=b"x\ny").stdout == "x\ny"
    root.close()
    host.write_file("/home/op/.ssh/rc", b"sleep 73.5 &\n")
    with pytest.raises(UnreachableError, match=r"still holds the session's streams: `sleep 73\.5`"):
        root.run("true")
    host.run("pkill -x -f 'sleep 73.5'; rm -r /var/log/sudo-io").check()


def test_a_machine_that_falls_silent_is_given_up(
    lab_without_nacos: Lab, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "ASK_EVERY_S", 0.2)
    monkeypatch.setattr(connection, "SILENT_S", 1.0)
    monkeypatch.setattr(connection, "CONNECT_S", 3.0)
    stop = ("pkill", "-STOP", "-x", "sshd")
    once_it_runs(lab_without_nacos, "sleep 69", lambda: lab_without_nacos.capture(MACHINE, stop))
    try:
        with pytest.raises(SessionLostError, match="the session ended during `sleep 69`"):
            host.run("sleep 69")
        with pytest.raises(UnreachableError, match="can't be reached over SSH: no answer within 3 s"):
            host.run("true")
    finally:
        lab_without_nacos.capture(MACHINE, ("pkill", "-CONT", "-x", "sshd"))
    assert host.run("true").exit_status == 0


def once_it_runs(lab: Lab, command: str, do: Callable[[], object]) -> None:
    """Do it, beside the test, as soon as the machine runs the command."""

    def wait() -> None:
        while lab.capture(MACHINE, ("pgrep", "-x", "-f", command))[0] != 0:
            time.sleep(0.05)
        do()

    threading.Thread(target=wait, daemon=True).start()


def _ignore_loss(work: Callable[[], object]) -> None:
    with suppress(SessionLostError):
        work()
