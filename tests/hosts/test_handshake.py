"""The greeting of a session. Login shells that disturb it are met on real machines, in test_login_shells.py."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest

from runbook_lib.errors import UnreachableError
from runbook_lib.hosts import Completed, Endpoint
from runbook_lib.hosts.framing import Enough, Sink
from runbook_lib.hosts.handshake import GREETING, Ask, LoginShell, handshake
from runbook_lib.hosts.remote_shell import NO_SUDO, Privilege
from runbook_lib.hosts.running import NotBegunError
from runbook_lib.hosts.sudo import WITHOUT_PASSWORD
from runbook_lib.outward import Secret

ENDPOINT = Endpoint("node128", "192.0.2.8", user="op")
BY_SUDO = replace(ENDPOINT, sudo=True, sudo_password=Secret("hunter2"))
Answer = tuple[int, str, str]
WHOLE: Answer = (0, GREETING * 2, "")


class Machine:
    """Answers one command after another."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[Privilege, bytes, bytes]] = []

    def __call__(self, command: str, privilege: Privilege, head: bytes, body: bytes, sink: Sink | None) -> Completed:
        self.asked.append((privilege, head, body))
        exit_status, stdout, stderr = self.answers.pop(0)
        if sink:
            sink(stdout.encode())
        return Completed("node128", command, exit_status, "", stderr, 0.0)


def silent(command: str, privilege: Privilege, head: bytes, body: bytes, sink: Sink | None) -> Completed:
    raise NotBegunError("", "", "This account is currently not available")


def refusal(ask: Ask, endpoint: Endpoint, shell: str) -> str:
    with pytest.raises(UnreachableError) as caught:
        handshake(endpoint, ask, lambda: shell)
    return str(caught.value)


def test_without_sudo_it_is_one_command() -> None:
    machine = Machine(WHOLE)
    assert handshake(ENDPOINT, machine, str) == NO_SUDO
    assert machine.asked == [(NO_SUDO, b"runbook\n", GREETING.encode())]


def test_with_sudo_the_password_is_sent_when_the_command_has_begun() -> None:
    machine = Machine((11, "", ""), WHOLE)
    assert handshake(BY_SUDO, machine, str).password == BY_SUDO.sudo_password
    assert machine.asked[0] == (NO_SUDO, b"runbook\n", b"hunter2\n")


def test_the_second_command_goes_through_sudo() -> None:
    machine = Machine((10, "", ""), WHOLE)
    assert handshake(BY_SUDO, machine, str) == WITHOUT_PASSWORD
    assert machine.asked[1] == (WITHOUT_PASSWORD, b"runbook\n", GREETING.encode())


def test_a_shell_that_runs_nothing() -> None:
    assert refusal(silent, ENDPOINT, "/usr/sbin/nologin") == (
        "node128: op's login shell /usr/sbin/nologin runs no command: This account is currently not available. "
        "See whether its start files (~/.ssh/rc) end, wait for input or start another shell, "
        "or choose another: chsh -s /bin/bash op"
    )


@pytest.mark.parametrize(
    ("endpoint", "answers"),
    [(ENDPOINT, [(71, "", "")]), (BY_SUDO, [(71, "", "")]), (BY_SUDO, [(11, "", ""), (71, "", "")])],
)
def test_a_start_file_that_reads_the_input(endpoint: Endpoint, answers: list[Answer]) -> None:
    assert refusal(Machine(*answers), endpoint, "/bin/zsh") == (
        "node128: op's login shell /bin/zsh reads the input of commands in its start files. "
        "Have nothing read stdin in ~/.zshenv, ~/.ssh/rc: `COMMAND </dev/null`."
    )


@pytest.mark.parametrize(
    "answer",
    [
        (0, GREETING, ""),
        (0, f"{GREETING * 2}\nnoise", ""),
        (0, f"noise{GREETING * 2}", ""),
        (0, GREETING.replace("\n", "\r\n") * 2, ""),
        (0, "", ""),
        (1, GREETING * 2, ""),
        (0, GREETING * 2, "+ id\n"),
    ],
)
def test_a_shell_that_changes_what_passes(answer: Answer) -> None:
    assert refusal(Machine(answer), ENDPOINT, "/bin/tcsh") == (
        "node128: a command or its output does not pass op's login shell /bin/tcsh byte for byte. "
        "See what its start files (~/.tcshrc, ~/.cshrc, ~/.ssh/rc) redirect or trace, or choose another: "
        "chsh -s /bin/bash op"
    )


def test_a_process_that_holds_the_streams() -> None:
    assert refusal(Machine((0, f"{GREETING * 2}x\nx\nheld by ping 192.0.2.1 \n", "")), ENDPOINT, "") == (
        "node128: a process that op's login shell started still holds the session's streams: `ping 192.0.2.1`. "
        "Redirect it where it is started (~/.bashrc, ~/.zshenv, ~/.cshrc, ~/.config/fish/config.fish, ~/.ssh/rc): "
        "`JOB </dev/null >/dev/null 2>&1 &`."
    )


@pytest.mark.parametrize("piece", [7, 1000])
@pytest.mark.parametrize(
    ("answer", "shell"),
    [
        ("op:x:1000:1000:,,,:/home/op:/bin/bash\n", "/bin/bash"),
        (f"{'noise' * 3000} op:x:1:1::/:/usr/bin/tcsh\nbye", "/usr/bin/tcsh"),
        ("op:x:1000:1000:,,,:/home/op:/bin/$(id)\n", ""),
        ("", ""),
    ],
)
def test_the_login_shell_of_a_user(answer: str, shell: str, piece: int) -> None:
    told = LoginShell("op")
    with suppress(Enough):
        for start in range(0, len(answer), piece):
            told.add(answer[start : start + piece].encode())
    assert told.shell == shell
