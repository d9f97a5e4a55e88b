"""What the image promises, on the machines that boot from it."""

from __future__ import annotations

import subprocess

import pytest

from runbook_lib.lab import Lab
from runbook_lib.lab.topology import NAMES

pytestmark = pytest.mark.lab


@pytest.mark.parametrize("machine", NAMES)
def test_no_unit_fails_on_a_machine(lab_without_nacos: Lab, machine: str) -> None:
    status, state, _ = lab_without_nacos.capture(machine, ["systemctl", "is-system-running", "--wait"])
    assert (status, state) == (0, "running\n")


def test_the_firewall_lets_ssh_in_and_nothing_that_the_chapter_will_need(lab_without_nacos: Lab) -> None:
    def firewall(*arguments: str) -> str:
        return lab_without_nacos.capture("node128", ["firewall-cmd", *arguments])[1].strip()

    assert firewall("--get-default-zone") == "public"
    assert set(firewall("--list-services").split()) == {"ssh", "dhcpv6-client"}
    assert firewall("--list-ports") == ""
    assert firewall("--list-protocols") == ""


def test_nothing_listens_but_sshd(lab_without_nacos: Lab) -> None:
    _, listening, _ = lab_without_nacos.capture("node129", ["ss", "-Hltn"])
    assert {line.split()[3].rpartition(":")[2] for line in listening.splitlines()} == {"22"}


def test_what_the_chapter_calls_is_there(lab_without_nacos: Lab) -> None:
    programs = "nginx gcc make pkg-config killall ps firewall-cmd nft iptables tcpdump curl ping python3 sudo java"
    found = lab_without_nacos.capture("node128", ["sh", "-c", f"for each in {programs}; do command -v $each; done"])[1]
    assert [path.rpartition("/")[2] for path in found.splitlines()] == programs.split()


def test_a_machine_carries_nothing_of_the_hosts_and_nothing_of_anothers(lab_without_nacos: Lab) -> None:
    def read(machine: str, command: str) -> str:
        return lab_without_nacos.capture(machine, ["sh", "-c", command])[1].strip()

    assert read("node128", "ls /etc/resolv.conf") == ""
    assert read("node128", "ls /etc/ssh/ssh_host_*_key") == "/etc/ssh/ssh_host_ed25519_key"
    for own in ("cat /etc/machine-id", "cat /etc/ssh/ssh_host_ed25519_key.pub", "hostname"):
        assert read("node128", own) != read("node129", own)


def test_a_login_starts_no_user_manager(lab_without_nacos: Lab) -> None:
    subprocess.run([*lab_without_nacos.ssh_command("observer"), "true"], check=True, timeout=30)
    _, units, _ = lab_without_nacos.capture("observer", ["systemctl", "list-units", "--all", "--no-legend", "user@*"])
    assert units == ""


def test_the_journal_is_on_disk(lab_without_nacos: Lab) -> None:
    _, journal, _ = lab_without_nacos.capture("client", ["journalctl", "--header", "-n0"])
    assert "File path: /var/log/journal/" in journal
