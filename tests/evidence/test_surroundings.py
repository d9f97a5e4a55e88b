from __future__ import annotations

import getpass
import os
import platform
import subprocess
from pathlib import Path

import pytest

from runbook_lib.evidence.surroundings import commit, controller, operator


def nameless() -> str:
    raise KeyError("uid not found")


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


def test_behind_sudo_the_operator_is_who_called_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUDO_USER", "alice")
    assert operator() == "alice"


@pytest.mark.parametrize("sudo_user", [None, ""])
def test_else_the_operator_is_the_user(sudo_user: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SUDO_USER", raising=False)
    if sudo_user is not None:
        monkeypatch.setenv("SUDO_USER", sudo_user)
    monkeypatch.setattr(getpass, "getuser", lambda: "bob")
    assert operator() == "bob"


def test_a_user_without_a_name_is_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SUDO_USER", raising=False)
    monkeypatch.setattr(getpass, "getuser", nameless)
    assert operator() == str(os.getuid())


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
