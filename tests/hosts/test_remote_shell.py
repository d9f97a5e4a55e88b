from __future__ import annotations

import shlex
import subprocess
import time

import pytest

from runbook_lib.hosts import remote_shell
from runbook_lib.hosts.remote_shell import NO_SUDO, Privilege, render_line
from runbook_lib.outward import Secret


def run(command: str, limit_s: float = 10.0, *, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    line = render_line(command, limit_s, fed=stdin is not None)
    with subprocess.Popen(["sh", "-c", line], stdin=-1, stdout=-1, stderr=-1, text=True) as process:
        if stdin is not None:
            out, err = process.communicate(stdin)
            return subprocess.CompletedProcess(line, process.returncode, out, err)
        assert process.stdout
        assert process.stderr
        assert process.stdin
        out, err = process.stdout.read(), process.stderr.read()
        status = process.wait()
        process.stdin.close()
        return subprocess.CompletedProcess(line, status, out, err)


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
    line = render_line("trap 'echo told to end; exit 5' TERM; echo ready; while :; do sleep 0.05; done", 60.0)
    with subprocess.Popen(["sh", "-c", line], stdin=-1, stdout=-1, text=True) as process:
        assert process.stdout
        assert process.stdin
        assert process.stdout.readline() == "ready\n"
        process.stdin.close()
        assert process.stdout.read() == "told to end\n"
        # 143: on a busy machine `ready` comes before `timeout` knows its child, and ends alone; the group is told then.
        assert process.wait(5) in (5, 143)


def test_no_secret_is_in_the_line() -> None:
    privilege = Privilege("sudo -k -S -p '' -- ", Secret("hunter2"))
    line = render_line("id", 60.0, privilege)
    assert shlex.split(line)[:8] == ["exec", "sudo", "-k", "-S", "-p", "", "--", "sh"]
    assert "hunter2" not in line
    assert privilege.first_line() == b"hunter2\n"


def test_without_sudo_nothing_stands_before_the_command() -> None:
    assert render_line("id", 60.0, NO_SUDO).startswith("exec sh -c ")
    assert NO_SUDO.first_line() == b""
