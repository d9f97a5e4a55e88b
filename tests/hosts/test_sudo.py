from __future__ import annotations

from dataclasses import replace

import pytest

from runbook_lib.errors import UnreachableError
from runbook_lib.hosts import Completed, Endpoint
from runbook_lib.hosts.remote_shell import NO_SUDO, Privilege
from runbook_lib.hosts.sudo import WITHOUT_PASSWORD, found_privilege
from runbook_lib.outward import Secret

PASSWORD = Secret("hunter2")
ENDPOINT = Endpoint("node128", "192.0.2.8", user="op", sudo=True)


class Machine:
    """Answers as sudo does."""

    def __init__(self, *, asks: bool, password: str = "hunter2") -> None:
        self.asks = asks
        self.password = password
        self.lines: list[str] = []

    def __call__(self, line: str, stdin: bytes) -> Completed:
        self.lines.append(line)
        if not self.asks or stdin == f"{self.password}\n".encode():
            return Completed("node128", line, 0, "", "", 0.0)
        said = "Sorry, try again.\nsudo: 1 incorrect password attempt" if stdin else "sudo: a password is required"
        return Completed("node128", line, 1, "", f"{said}\n", 0.0)


def test_who_needs_no_sudo_is_not_asked() -> None:
    machine = Machine(asks=True)
    assert found_privilege(replace(ENDPOINT, sudo=False), machine) == NO_SUDO
    assert machine.lines == []


def test_without_a_password() -> None:
    machine = Machine(asks=False)
    assert found_privilege(replace(ENDPOINT, sudo_password=PASSWORD), machine) == WITHOUT_PASSWORD
    assert machine.lines == ["sudo -k -n -- sh -c :"]


def test_with_a_password() -> None:
    machine = Machine(asks=True)
    found = found_privilege(replace(ENDPOINT, sudo_password=PASSWORD), machine)
    assert found == Privilege("sudo -k -S -p '' -- ", PASSWORD)
    assert machine.lines[1] == "sudo -k -S -p '' -- sh -c :"


def test_a_password_that_is_needed_and_not_given() -> None:
    with pytest.raises(UnreachableError) as caught:
        found_privilege(ENDPOINT, Machine(asks=True))
    assert str(caught.value) == (
        "node128: sudo refuses op: sudo: a password is required. Name the variable that holds its password: "
        "ssh.sudo_password_env, or give op NOPASSWD in its sudoers."
    )


def test_a_wrong_password() -> None:
    with pytest.raises(UnreachableError) as caught:
        found_privilege(replace(ENDPOINT, sudo_password=PASSWORD), Machine(asks=True, password="another"))
    assert str(caught.value) == (
        "node128: sudo refuses op: sudo: 1 incorrect password attempt. "
        "Correct the password in the environment, or give op NOPASSWD in its sudoers."
    )
