from __future__ import annotations

import os
import platform
import pwd
import subprocess
from pathlib import Path

import pytest

from runbook_lib.evidence import surroundings
from runbook_lib.evidence.surroundings import Operator, commit, controller, operator


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository of one committed file, whatever the surroundings of the test say of another one."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    (tmp_path / "file").write_text("one\n")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", "file")
    git(tmp_path, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "--no-verify", "--message=one")
    return tmp_path


def git(top: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(top), *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def login(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stands for /proc/self/loginuid."""
    path = tmp_path / "loginuid"
    monkeypatch.setattr(surroundings, "LOGIN_UID", path)
    monkeypatch.delenv("SUDO_USER", raising=False)
    return path


def test_the_operator_is_who_the_kernel_says(login: Path) -> None:
    login.write_text("0")
    assert operator() == Operator(os.getuid(), pwd.getpwuid(os.getuid()).pw_name, 0, "root", None)


@pytest.mark.parametrize("content", [None, "4294967295"])
def test_nobody_logged_in(login: Path, content: str | None) -> None:
    if content is not None:
        login.write_text(content)
    assert (operator().login_uid, operator().login_user) == (None, None)


def test_what_the_environment_says_is_only_claimed(login: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUDO_USER", "alice")
    monkeypatch.setenv("LOGNAME", "mallory")
    found = operator()
    assert (found.user, found.claimed_sudo_user) == (pwd.getpwuid(os.getuid()).pw_name, "alice")


def test_a_user_id_without_a_name_stays_a_number(login: Path) -> None:
    login.write_text("54321")
    assert (operator().login_uid, operator().login_user) == (54321, None)


def test_the_controller_is_this_machine() -> None:
    assert controller() == platform.node()


def test_the_commit_of_a_clean_repository_and_of_one_that_differs(repository: Path) -> None:
    head = git(repository, "rev-parse", "HEAD")
    assert commit(repository) == head
    (repository / "untracked").write_text("x")
    assert commit(repository) == head
    (repository / "file").write_text("two\n")
    assert commit(repository) == f"{head}-dirty"


def test_no_repository_has_no_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert commit(tmp_path) is None


def test_without_git_there_is_no_commit(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(repository))
    assert commit(repository) is None
