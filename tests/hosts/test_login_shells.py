"""Whatever a login shell is and its start files print: real sshd, real sudo, five shells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from login_shells import NOISE, PASSWORD, PRECIOUS, START_FILES, USERS, login_shells, write_start_file

from runbook_lib.errors import UnreachableError
from runbook_lib.hosts import Endpoint, Host, host, running
from runbook_lib.journal import Journal
from runbook_lib.lab import Lab
from runbook_lib.outward import Secret

pytestmark = pytest.mark.lab
MACHINE = "client"
HARD = "a'b\"c\\d\\\\e!f$g`h\n\ti *?[x] ~ {a,b} %s %b \\0101 \\c ^x^y # ü 漢 \x1b[31m !! !1 ;|&<>() \n\n"
BYTES = bytes(range(256)) * 200
SHELLS_OF_USERS = [f"{user}-{shell}" for user, shell in product(USERS, START_FILES)]


@pytest.fixture(scope="module")
def machine(lab_without_nacos: Lab) -> Iterator[Host]:
    opened = Host(lab_without_nacos.endpoint(MACHINE), Journal(None))
    with login_shells(opened):
        yield opened
    opened.close()


def endpoint(lab: Lab, user: str) -> Endpoint:
    by_sudo = user.startswith("op")
    password = Secret(PASSWORD) if by_sudo else None
    return replace(lab.endpoint(MACHINE), user=user, sudo=by_sudo, sudo_password=password)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal.jsonl")


@pytest.mark.parametrize("kind", NOISE)
@pytest.mark.parametrize("user", SHELLS_OF_USERS)
def test_noise_gets_into_nothing(lab_without_nacos: Lab, machine: Host, journal: Journal, user: str, kind: str) -> None:
    write_start_file(machine, user, f"sh '/opt/noise/{kind}'")
    opened = Host(endpoint(lab_without_nacos, user), journal)
    done = opened.run("id -u; printf %%s %s; printf %%s %s >&2; exit 7", HARD, HARD)
    assert (done.stdout, done.stderr, done.exit_status) == (f"0\n{HARD}", HARD, 7)
    assert opened.run("cat; cat >&2 <&-", stdin=HARD.encode()).stdout == HARD
    assert [opened.write_file("/opt/noise/f", BYTES), opened.write_file("/opt/noise/f", BYTES)] == [True, False]
    assert opened.read_file("/opt/noise/f") == BYTES
    with opened.start("printf '%%s\n' 1 2") as going_on:
        assert list(going_on.lines()) == ["1", "2"]
    opened.close()
    machine.run("rm /opt/noise/f").check()
    assert journal.path
    assert PRECIOUS not in journal.path.read_text()


@pytest.mark.parametrize("job", ["sh /opt/noise/job &", "sleep 71.5 &"], ids=["prints", "is silent"])
@pytest.mark.parametrize("user", SHELLS_OF_USERS)
def test_a_job_of_a_start_file_is_refused_at_once(lab_without_nacos: Lab, machine: Host, user: str, job: str) -> None:
    write_start_file(machine, user, job)
    shell = user.partition("-")[2]
    refused = refusal(endpoint(lab_without_nacos, user))
    machine.run("pkill -u %s -x -f 'sleep 71.5'", user).check(normal=(0, 1))  # 1: the one that prints has ended
    assert refused.startswith(f"client: a process that {user}'s login shell /")
    path, held = refused.removeprefix(f"client: a process that {user}'s login shell ").split(" started still holds ", 1)
    assert Path(path).name == shell
    assert held.startswith(f"the session's streams: `{job.removesuffix(' &')}`. Redirect it where it is started (~/")
    assert f"~/{START_FILES[shell]}" in held
    assert held.endswith("): `JOB </dev/null >/dev/null 2>&1 &`.")


def test_a_job_that_is_redirected_may_stay(lab_without_nacos: Lab, machine: Host) -> None:
    for user in SHELLS_OF_USERS:
        write_start_file(machine, user, "sh -c 'sleep 72.5 </dev/null >/dev/null 2>&1 &'")
        opened = Host(endpoint(lab_without_nacos, user), Journal(None))
        assert opened.run("id -u").stdout == "0\n"
        opened.close()
    machine.run("pkill -x -f 'sleep 72.5'").check()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that does not start is given up soon."""
    monkeypatch.setattr(host, "HANDSHAKE_S", 1.0)
    monkeypatch.setattr(running, "ANSWER_S", 1.0)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("text", "what"),
    [
        (
            "read -r line",
            "USER's login shell /usr/bin/bash reads the input of commands in its start files. Have nothing",
        ),
        ("exit 0", "USER's login shell runs no command: it said nothing. See whether its start files (~/.bashrc, "),
        ("echo Closed; exit 1", "USER's login shell runs no command: Closed. See whether its start files (~/.bashrc, "),
        (
            "exec zsh",
            "USER's login shell runs no command: zsh: command not found: runbook. See whether its start files",
        ),
        (
            "exec 2>/dev/null",
            "USER's login shell /usr/bin/bash runs no command: it said nothing. See whether its start",
        ),
        (
            "exec > >(tee -a /tmp/log)",
            "a process that USER's login shell /usr/bin/bash started still holds the session's",
        ),
    ],
)
@pytest.mark.parametrize("user", ["root-bash", "op-bash"])
def test_a_start_file_that_commands_do_not_survive(
    lab_without_nacos: Lab, machine: Host, user: str, text: str, what: str
) -> None:
    write_start_file(machine, user, text)
    assert refusal(endpoint(lab_without_nacos, user)).startswith(f"client: {what.replace('USER', user)}")


@pytest.mark.parametrize("user", ["root-bash", "op-bash"])
def test_a_trace_of_the_login_shell_is_noise_too(lab_without_nacos: Lab, machine: Host, user: str) -> None:
    write_start_file(machine, user, "set -xv")
    opened = Host(endpoint(lab_without_nacos, user), Journal(None))
    assert (done := opened.run("echo out; echo err >&2")).stdout == "out\n"
    assert done.stderr == "err\n"
    opened.close()


@pytest.mark.parametrize("user", [f"root-{shell}" for shell in START_FILES])
def test_any_text_survives(lab_without_nacos: Lab, machine: Host, user: str) -> None:
    write_start_file(machine, user, "")
    opened = Host(endpoint(lab_without_nacos, user), Journal(None))

    @settings(deadline=None, max_examples=30)
    @given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=300))
    def survives(text: str) -> None:
        assert opened.run("printf %%s %s", text).stdout == text

    survives()
    assert len(opened.run("printf %%s %s", "x" * 125_000).stdout) == 125_000
    opened.close()


def refusal(endpoint: Endpoint) -> str:
    with pytest.raises(UnreachableError) as caught:
        Host(endpoint, Journal(None)).run("true")
    return str(caught.value)
