from __future__ import annotations

from dataclasses import replace

import pytest

from runbook_lib.errors import UnreachableError
from runbook_lib.hosts import Completed, Endpoint
from runbook_lib.hosts.remote_shell import Privilege
from runbook_lib.hosts.sudo import WITHOUT_PASSWORD, judged_privilege, probe_command
from runbook_lib.outward import Secret

PASSWORD = Secret("hunter2")
ENDPOINT = Endpoint("node128", "192.0.2.8", user="op", sudo=True)
WITH_PASSWORD = replace(ENDPOINT, sudo_password=PASSWORD)


def probed(exit_status: int, stderr: str = "") -> Completed:
    return Completed("node128", "", exit_status, "", stderr, 0.0)


def test_a_password_is_given_only_where_one_is_stated() -> None:
    assert "-S" not in probe_command(ENDPOINT)
    assert "-S" in probe_command(WITH_PASSWORD)


def test_without_a_password() -> None:
    assert judged_privilege(WITH_PASSWORD, probed(10)) == WITHOUT_PASSWORD


def test_with_a_password() -> None:
    assert judged_privilege(WITH_PASSWORD, probed(11)) == Privilege("sudo -k -S -p '' -- ", PASSWORD)


def test_a_password_that_is_needed_and_not_given() -> None:
    with pytest.raises(UnreachableError) as caught:
        judged_privilege(ENDPOINT, probed(1, "sudo: a password is required\n"))
    assert str(caught.value) == (
        "node128: sudo refuses op: sudo: a password is required. Name the variable that holds its password: "
        "ssh.sudo_password_env, or give op NOPASSWD in its sudoers."
    )


def test_a_wrong_password() -> None:
    with pytest.raises(UnreachableError) as caught:
        judged_privilege(WITH_PASSWORD, probed(1, "Sorry, try again.\nsudo: 1 incorrect password attempt\n"))
    assert str(caught.value) == (
        "node128: sudo refuses op: sudo: 1 incorrect password attempt. "
        "Correct the password in the environment, or give op NOPASSWD in its sudoers."
    )
