from __future__ import annotations

from pathlib import Path

import pytest

from runbook_lib.errors import LabError
from runbook_lib.lab import packages
from runbook_lib.lab.packages import PACKAGES, ensure_packages, missing_packages


def test_a_machine_that_has_all_is_left_alone() -> None:
    assert missing_packages(lambda program: f"/usr/bin/{program}", lambda _: True) == []


def test_what_is_missing_is_named_by_its_package() -> None:
    assert missing_packages(lambda program: None if program in {"mvn", "javac"} else program, lambda _: False) == [
        "maven",
        "default-jdk-headless",
        "debian-archive-keyring",
    ]


@pytest.fixture
def apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without Maven, whose apt-get writes down what it was asked; the script, to be replaced."""
    lacks = {"mvn"}

    def path_of(program: str) -> str | None:
        return None if program in lacks and not (tmp_path / "installed").exists() else program

    monkeypatch.setattr(packages, "program_path", path_of)
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("os.path.exists", lambda _: True)
    monkeypatch.setenv("PATH", str(tmp_path))  # nothing of the real machine's
    (tmp_path / "env").symlink_to("/usr/bin/env")
    return write_script(
        tmp_path / "apt-get",
        f'echo "$DEBIAN_FRONTEND $*" >> {tmp_path}/asked; case $* in *install*) : > {tmp_path}/installed;; esac',
    )


def write_script(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_it_is_installed_and_only_that(apt: Path) -> None:
    told: list[str] = []
    ensure_packages(told.append)
    ensure_packages(told.append)
    assert told == ["installing what this machine lacks for the lab: maven"]
    assert (apt.parent / "asked").read_text() == (
        "noninteractive -q -o DPkg::Lock::Timeout=300 update\n"
        "noninteractive -q -o DPkg::Lock::Timeout=300 install --yes --no-install-recommends maven\n"
    )


def refusal() -> str:
    with pytest.raises(LabError) as refused:
        ensure_packages(lambda _: None)
    return str(refused.value)


def test_what_apt_refuses_is_named_with_its_reason(apt: Path) -> None:
    write_script(apt, "echo 'E: Unable to locate package maven' >&2; exit 100")
    assert refusal() == (
        "This machine lacks packages that the lab needs: maven (E: Unable to locate package maven). "
        "Install them: sudo apt-get install maven"
    )


def test_a_user_whom_sudo_asks_for_a_password_is_told_the_command(apt: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    write_script(apt.with_name("sudo"), "echo 'sudo: a password is required' >&2; exit 1")
    assert refusal() == (
        "This machine lacks packages that the lab needs: maven (sudo: a password is required). "
        "Install them: sudo apt-get install maven"
    )


def test_a_machine_without_apt_is_told_what_it_lacks(apt: Path) -> None:
    apt.unlink()
    assert refusal() == (
        "This machine lacks packages that the lab needs: maven (env: 'apt-get': No such file or directory). "
        "Install them: sudo apt-get install maven"
    )


def test_each_package_is_listed_once() -> None:
    assert len(set(PACKAGES.values())) == len(PACKAGES)
