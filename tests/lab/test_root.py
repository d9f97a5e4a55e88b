"""Who may start a lab: root, or a user whom sudo lets without asking."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbook_lib import lab
from runbook_lib.errors import LabError
from runbook_lib.lab.root import as_root, require_root

TODO = (
    "Run `sudo -v` first, or run as root; who may not use it asks an administrator for that, "
    "or works on machines of their own (substrate: ssh)."
)


@pytest.fixture
def sudo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where an ordinary user's `sudo` would be; there is none yet."""
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path / "sudo"


def write_sudo(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def _tell_nobody(text: str) -> None:
    raise AssertionError(text)


def refusal() -> str:
    with pytest.raises(LabError) as refused:
        require_root()
    return str(refused.value)


def test_root_needs_no_sudo(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setenv("PATH", str(tmp_path))
    require_root()
    assert as_root("id") == ("id",)


def test_a_user_whom_sudo_lets_is_let(sudo: Path) -> None:
    write_sudo(sudo, f'echo "$*" > {sudo}.asked')
    require_root()
    assert Path(f"{sudo}.asked").read_text() == "-n -- true\n"


def test_sudo_says_why_not(sudo: Path) -> None:
    write_sudo(sudo, "echo 'sudo: unable to resolve host x' >&2; echo 'sudo: a password is required' >&2; exit 1")
    assert refusal() == (
        f"The lab's supervisor needs root for network, disks and control groups: a password is required. {TODO}"
    )


def test_a_sudo_that_says_nothing_is_named_by_its_exit_status(sudo: Path) -> None:
    write_sudo(sudo, "exit 7")
    assert refusal().startswith(
        "The lab's supervisor needs root for network, disks and control groups: sudo ended with 7. "
    )


def test_a_machine_without_sudo_is_told_so_before_anything_is_fetched(sudo: Path) -> None:
    with pytest.raises(LabError) as refused:
        lab.up("nobody-started-this", progress=_tell_nobody)
    assert str(refused.value) == (
        f"The lab's supervisor needs root for network, disks and control groups: there is no sudo here. {TODO}"
    )
