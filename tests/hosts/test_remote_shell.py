from __future__ import annotations

import shlex
import subprocess
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook_lib.errors import HostError
from runbook_lib.hosts import quote, remote_shell
from runbook_lib.hosts.remote_shell import LINE_BYTES, NO_SUDO, Privilege, render_line
from runbook_lib.outward import Secret

NONCE = "c0ffee"


def line_of(command: str, limit_s: float, *, fed: bool = False) -> str:
    return render_line(command, limit_s, nonce=NONCE, fed=fed).text


def framed(said: str) -> str:
    """What stands after the nonce; it must be there, and nothing before it."""
    before, _, after = said.partition(f"\n{NONCE}\n")
    assert before == ""
    return after


def run(command: str, limit_s: float = 10.0, *, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    line = line_of(command, limit_s, fed=stdin is not None)
    with subprocess.Popen(["sh", "-c", line], stdin=-1, stdout=-1, stderr=-1, text=True) as process:
        if stdin is not None:
            out, err = process.communicate(stdin)
            return subprocess.CompletedProcess(line, process.returncode, framed(out), framed(err))
        assert process.stdout
        assert process.stderr
        assert process.stdin
        out, err = process.stdout.read(), process.stderr.read()
        status = process.wait()
        process.stdin.close()
        return subprocess.CompletedProcess(line, status, framed(out), framed(err))


@pytest.mark.parametrize("stdin", [None, ""], ids=["watched", "fed"])
class TestBothForms:
    def test_the_exit_status_is_the_commands_own(self, stdin: str | None) -> None:
        assert [run(f"exit {n}", stdin=stdin).returncode for n in (0, 1, 3, 124, 255)] == [0, 1, 3, 124, 255]

    def test_a_signal_becomes_an_exit_status(self, stdin: str | None) -> None:
        assert [run(f"kill -{name} $$", stdin=stdin).returncode for name in ("SEGV", "TERM", "KILL")] == [139, 143, 137]

    def test_quotes_arrive_as_they_are(self, stdin: str | None) -> None:
        assert run("""printf "%s" "it's" '$HOME' >&2""", stdin=stdin).stderr == "it's$HOME"

    def test_the_time_limit_ends_the_command_and_its_children(self, stdin: str | None) -> None:
        begun = time.monotonic()
        assert run("sleep 30 | sleep 30; echo never", 0.2, stdin=stdin).returncode == 124
        assert time.monotonic() - begun < 5

    def test_the_machines_language_is_english(self, stdin: str | None) -> None:
        assert run('echo "$LC_ALL"', stdin=stdin).stdout == "C\n"

    def test_ctrl_c_is_not_ignored(self, stdin: str | None) -> None:
        assert run("kill -INT $$; echo never", stdin=stdin).returncode == 130


def test_a_watched_command_reads_nothing() -> None:
    assert run("cat; echo end").stdout == "end\n"


def test_a_fed_command_reads_all_of_stdin() -> None:
    assert run("cat; echo end", stdin="a\nb").stdout == "a\nbend\n"


def test_a_command_that_ignores_sigterm_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_shell, "KILL_AFTER_S", 0.2)
    assert run("trap '' TERM; while :; do sleep 0.1; done", 0.2).returncode == 137


def test_the_end_of_our_stdin_ends_a_watched_command() -> None:
    line = line_of("trap 'echo told to end; exit 5' TERM; echo ready; while :; do sleep 0.05; done", 60.0)
    with subprocess.Popen(["sh", "-c", line], stdin=-1, stdout=-1, text=True) as process:
        assert process.stdout
        assert process.stdin
        assert [process.stdout.readline() for _ in range(3)] == ["\n", f"{NONCE}\n", "ready\n"]
        process.stdin.close()
        assert process.stdout.read() == "told to end\n"
        # 143: on a busy machine `ready` comes before `timeout` knows its child, and ends alone; the group is told then.
        assert process.wait(5) in (5, 143)


def test_no_secret_is_in_the_line() -> None:
    privilege = Privilege("sudo -k -S -p '' -- ", Secret("hunter2"))
    line = render_line("id", 60.0, privilege, nonce=NONCE).text
    assert shlex.split(line)[:8] == ["exec", "sudo", "-k", "-S", "-p", "", "--", "/bin/sh"]
    assert "hunter2" not in line
    assert privilege.first_line() == b"hunter2\n"


def test_without_sudo_nothing_stands_before_the_command() -> None:
    assert render_line("id", 60.0, NO_SUDO, nonce=NONCE).text.startswith("exec /bin/sh -c ")
    assert NO_SUDO.first_line() == b""


def test_a_command_stays_readable_in_a_list_of_processes() -> None:
    line = render_line("systemctl show keepalived.service | head -1", 60.0, nonce=NONCE, mark="runbook:me:r1:ab").text
    assert line.endswith(f"{NONCE} 2 60.000 'systemctl show keepalived.service | head -1'")
    assert shlex.split(line)[4] == "runbook:me:r1:ab"


def test_a_command_that_linux_does_not_take_is_refused_before_it_is_sent() -> None:
    room = LINE_BYTES - len(line_of("", 60.0))
    assert len(line_of("x" * room, 60.0)) == LINE_BYTES
    with pytest.raises(HostError) as caught:
        line_of("x" * (room + 1), 60.0)
    assert str(caught.value) == (
        "A command is too long to be sent: 131072 bytes as encoded, 131071 are possible. "
        "Give its long part on stdin, or write it to a file there first."
    )


@pytest.mark.parametrize("shell", ["dash", "bash"])
@settings(deadline=None, max_examples=60)
@given(text=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=300))
def test_any_text_survives_a_login_shell(shell: str, text: str) -> None:
    line = line_of(quote("printf %%s %s", text), 60.0, fed=True)
    done = subprocess.run((shell, "-c", line), input=b"", capture_output=True, check=True)
    assert done.stdout == f"\n{NONCE}\n{text}".encode()
