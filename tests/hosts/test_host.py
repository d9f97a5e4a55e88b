from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from ssh_server import SshServer, server

from runbook_lib.errors import CommandTimeoutError, HostError, OutputLimitError, SessionLostError, UnreachableError
from runbook_lib.hosts import Host, framing, streams, transfer
from runbook_lib.hosts.streams import Lines
from runbook_lib.journal import CommandRan, Journal, read_journal
from runbook_lib.outward import Secret

__all__ = ["server"]
SUDO_PASSWORD = "corr'ect horse"
# Reads options and, unless NOPASSWD is set, the password as sudo does; then becomes the command.
FAKE_SUDO = r"""#!/bin/sh
while :; do case "$1" in -n) ask=no;; -p) shift;; --) shift; break;; esac; shift; done
[ "$NOPASSWD" ] || {
    [ "$ask" ] && echo 'sudo: a password is required' >&2 && exit 1
    read -r given; [ "$given" = "$PASSWORD" ] || { echo 'sudo: 1 incorrect password attempt' >&2; exit 1; }
}
exec "$@"
"""


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal.jsonl")


@pytest.fixture
def host(server: SshServer, journal: Journal) -> Iterator[Host]:
    opened = Host(server.endpoint, journal)
    yield opened
    opened.close()


def commands(journal: Journal) -> list[CommandRan]:
    assert journal.path
    return [record.event for record in read_journal(journal.path) if isinstance(record.event, CommandRan)]


def once(true: Callable[[], bool], do: Callable[[], object]) -> None:
    """Do it, beside the test, as soon as it is true."""

    def wait() -> None:
        while not true():
            time.sleep(0.05)
        do()

    threading.Thread(target=wait, daemon=True).start()


def is_running(words: str) -> bool:
    """Whether a process with exactly this command line is running; a moment is given to it to end."""
    for _ in range(50):
        if words not in _command_lines():
            return False
        time.sleep(0.05)
    return True


def _command_lines() -> set[str]:
    found = set()
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it ended meanwhile
            found.add(file.read_text().rstrip("\0").replace("\0", " "))
    return found


class TestRun:
    def test_what_it_gives_back(self, host: Host) -> None:
        done = host.run("printf %s; echo oops >&2; exit 3", "it's")
        assert (done.host, done.command) == ("node128", "printf 'it'\"'\"'s'; echo oops >&2; exit 3")
        assert (done.exit_status, done.stdout, done.stderr) == (3, "it's", "oops\n")
        assert done.duration_s > 0

    def test_both_streams_at_once(self, host: Host) -> None:
        done = host.run("head -c 4000000 /dev/zero >&2; head -c 4000000 /dev/zero")
        assert (len(done.stdout), len(done.stderr)) == (4_000_000, 4_000_000)

    def test_stdin_is_read_while_stdout_is(self, host: Host) -> None:
        assert len(host.run("cat", stdin=b"x" * 6_000_000).stdout) == 6_000_000

    def test_stdin_that_is_not_read(self, host: Host) -> None:
        assert host.run("exit 4", stdin=b"x" * 6_000_000).exit_status == 4

    def test_without_stdin_nothing_is_read(self, host: Host) -> None:
        assert host.run("cat").stdout == ""

    def test_bytes_that_are_no_utf_8(self, host: Host) -> None:
        assert host.run(r"printf '\377'").stdout == "\ufffd"

    def test_the_time_limit(self, host: Host) -> None:
        with pytest.raises(CommandTimeoutError) as caught:
            host.run("sleep 61.25", timeout_s=0.2)
        assert str(caught.value) == (
            "node128: `sleep 61.25` took more than 0.2 s and was ended. "
            "See on node128 what it waits for, or whether the machine is overloaded."
        )
        assert not is_running("sleep 61.25")

    def test_the_exit_statuses_of_timeout_are_the_commands_own_before_the_limit(self, host: Host) -> None:
        assert [host.run("exit %s", status).exit_status for status in (124, 137)] == [124, 137]

    def test_a_child_left_in_the_background_does_not_hold_up_its_end(
        self, host: Host, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(streams, "DRAIN_S", 0.3)
        done = host.run("sleep 6.25 & echo started")
        assert (done.exit_status, done.stdout) == (0, "started\n")
        assert done.duration_s < 5

    def test_threads_share_a_session(self, host: Host, server: SshServer) -> None:
        said: list[str] = []
        threads = [threading.Thread(target=lambda i=i: said.append(host.run("echo %s", i).stdout)) for i in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(said) == [f"{number}\n" for number in range(8)]
        assert len(server.sessions) == 1

    def test_an_interrupt_ends_it_on_the_host(self, host: Host, journal: Journal) -> None:
        host.run("true")
        once(lambda: "sleep 62.25" in _command_lines(), lambda: os.kill(os.getpid(), signal.SIGINT))
        with pytest.raises(KeyboardInterrupt):
            host.run("sleep 62.25")
        assert not is_running("sleep 62.25")
        assert commands(journal)[-1].exit_status is None


class TestCheck:
    def test_a_normal_exit_status(self, host: Host) -> None:
        assert host.run("exit 3").check(normal=(0, 3)).exit_status == 3

    @pytest.mark.parametrize(
        ("command", "said"),
        [
            ("printf '1\n2\n3\n4.\n' >&2; echo out; false", "2 | 3 | 4"),
            ("echo out; false", "out"),
            ("false", "it said nothing"),
        ],
    )
    def test_any_other_says_the_last_lines(self, host: Host, command: str, said: str) -> None:
        with pytest.raises(HostError) as caught:
            host.run(command).check()
        shown = " ".join(command.split())
        assert str(caught.value) == f"node128: `{shown}` ended with 1: {said}. Run it on node128 by hand to see more."

    def test_what_stands_for_a_long_command_can_not_be_run_by_hand(self, host: Host) -> None:
        with pytest.raises(HostError) as caught:
            host.run("sh -c 'false; exit 2'", shown="a long script").check()
        said = "node128: `a long script` ended with 2: it said nothing. A run's journal.jsonl has the whole command."
        assert str(caught.value) == said


class TestOutputLimit:
    @pytest.fixture(autouse=True)
    def small(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert (framing.MEMORY_BYTES, framing.DISK_BYTES) == (32 << 20, 1 << 30)
        monkeypatch.setattr(streams, "MEMORY_BYTES", 2 << 20)
        monkeypatch.setattr(transfer, "MEMORY_BYTES", 2 << 20)
        monkeypatch.setattr(transfer, "DISK_BYTES", 3 << 20)

    @pytest.mark.parametrize("where", ["", " >&2", " | tee /dev/stderr"])
    @pytest.mark.parametrize("stdin", [None, b""])
    def test_more_than_is_kept_ends_it_on_the_host(
        self, host: Host, journal: Journal, where: str, stdin: bytes | None
    ) -> None:
        command = f"yes 62.75{where}"
        with pytest.raises(OutputLimitError) as caught:
            host.run(command, stdin=stdin)
        assert str(caught.value) == (
            f"node128: `{command}` returned more than 2 MiB and was ended. See on node128 what it returns so much of."
        )
        assert not is_running("yes 62.75")
        assert commands(journal)[-1].exit_status is None

    def test_as_much_as_is_kept(self, host: Host) -> None:
        half = 1 << 20
        done = host.run("head -c %s /dev/zero; head -c %s /dev/zero >&2", half, half)
        assert (len(done.stdout), len(done.stderr)) == (half, half)

    def test_a_file_that_is_too_big_to_be_read(self, host: Host, tmp_path: Path) -> None:
        (tmp_path / "big").write_bytes(b"x" * (2 << 20))
        assert len(host.read_file(f"{tmp_path}/big") or b"") == 2 << 20
        (tmp_path / "big").write_bytes(b"x" * ((2 << 20) + 1))
        with pytest.raises(OutputLimitError, match="returned more than 2 MiB and was ended"):
            host.read_file(f"{tmp_path}/big")

    def test_a_file_may_be_bigger_on_its_way_to_the_disk(self, host: Host, tmp_path: Path) -> None:
        (tmp_path / "big").write_bytes(b"x" * (3 << 20))
        host.fetch_file(f"{tmp_path}/big", tmp_path / "fetched")
        assert (tmp_path / "fetched").stat().st_size == 3 << 20
        with pytest.raises(OutputLimitError, match="returned more than 3 MiB and was ended"):
            host.fetch_file("/dev/zero", tmp_path / "other")
        assert not (tmp_path / "other").exists()
        assert not (tmp_path / "other.part").exists()

    @pytest.mark.parametrize("command", ["yes ''", "tr '\\0' x </dev/zero"], ids=["lines", "one line"])
    def test_lines_that_nobody_reads(self, host: Host, command: str) -> None:
        running = host.start(command)
        running._thread.join(20)
        with pytest.raises(OutputLimitError, match="returned more than 2 MiB and was ended"):
            list(running.lines())

    def test_lines_that_are_read_may_go_on(self) -> None:
        lines = Lines()
        read = iter(lines)
        for _ in range(10):
            lines.add(b"x" * (1 << 20))
            lines.add(b"\n")
            assert len(next(read)) == 1 << 20


class TestSession:
    def test_it_is_opened_at_the_first_command_and_kept(self, host: Host, server: SshServer) -> None:
        assert server.sessions == []
        host.run("true")
        host.run("true")
        assert len(server.sessions) == 1

    def test_it_is_opened_anew_after_a_reboot(self, server: SshServer, journal: Journal) -> None:
        asked = []
        host = Host(lambda: asked.append(1) or server.endpoint, journal)  # type: ignore[func-returns-value]
        host.run("true")
        server.cut()
        assert host.run("echo back").stdout == "back\n"
        assert (len(server.sessions), len(asked)) == (2, 3)  # the first was for its name
        host.close()

    def test_one_that_looks_alive_is_opened_anew_too(self, host: Host, server: SshServer) -> None:
        host.run("true")
        server.refuse_channels_of_first_session = True
        assert host.run("echo back").stdout == "back\n"

    def test_a_command_that_may_have_run_is_never_run_again(
        self, host: Host, server: SshServer, tmp_path: Path, journal: Journal
    ) -> None:
        mark = tmp_path / "mark"
        once(lambda: mark.exists() and mark.read_text() != "", server.cut)
        with pytest.raises(SessionLostError) as caught:
            host.run("echo x >> %s; sleep 63.25", mark)
        assert str(caught.value) == (
            f"node128: the session ended during `echo x >> {mark}; sleep 63.25`; it may have run. "
            "See whether the machine is on, then run the step again."
        )
        assert mark.read_text() == "x\n"
        assert commands(journal)[-1].exit_status is None

    def test_a_machine_that_stays_off(self, host: Host, server: SshServer) -> None:
        host.run("true")
        server.close()
        with pytest.raises(UnreachableError, match="can't be reached over SSH: Connection refused"):
            host.run("true")


class TestStart:
    def test_lines_come_as_they_are_written(self, host: Host, journal: Journal) -> None:
        running = host.start("read x; echo %s; printf rest; exit 7", "a b")
        assert list(running.lines()) == ["a b", "rest"]
        assert commands(journal)[-1].exit_status == 7

    def test_stop_ends_it_on_the_host(self, host: Host, journal: Journal) -> None:
        with host.start("echo ready; sleep 64.25") as running:
            assert next(running.lines()) == "ready"
        assert not is_running("sleep 64.25")
        assert commands(journal)[-1].exit_status == 143

    def test_what_it_still_says_on_its_way_out_is_read(self, host: Host) -> None:
        running = host.start("trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.05; done")
        assert next(lines := running.lines()) == "ready"
        running.stop()
        assert list(lines) == ["bye"]

    def test_the_end_of_the_session_ends_the_lines(self, host: Host, server: SshServer, journal: Journal) -> None:
        running = host.start("echo ready; sleep 66.25")
        assert next(lines := running.lines()) == "ready"
        server.cut()
        assert list(lines) == []
        assert commands(journal)[-1].exit_status is None
        assert not is_running("sleep 66.25")


class TestJournal:
    def test_every_command_is_an_event(self, host: Host, journal: Journal) -> None:
        host.run("echo out; echo err >&2; exit 3")
        with pytest.raises(CommandTimeoutError):
            host.run("sleep 67.25", timeout_s=0.2)
        _, first, second = commands(journal)  # before them the session's handshake
        assert (first.host, first.command) == ("node128", "echo out; echo err >&2; exit 3")
        assert (first.exit_status, first.stdout, first.stderr, first.timed_out) == (3, "out\n", "err\n", False)
        assert (second.exit_status, second.timed_out) == (124, True)
        assert second.start > first.start
        assert second.duration_s >= 0.2


class TestSudo:
    @pytest.fixture
    def become(self, server: SshServer, tmp_path: Path) -> SshServer:
        folder = tmp_path / "bin"
        folder.mkdir()
        (folder / "sudo").write_text(FAKE_SUDO)
        (folder / "sudo").chmod(0o755)
        server.environment |= {"PATH": f"{folder}:{os.environ['PATH']}", "PASSWORD": SUDO_PASSWORD}
        return server

    @pytest.mark.parametrize("nopasswd", ["", "yes"])
    def test_the_password_is_nobodys_input_and_in_no_record(
        self, become: SshServer, journal: Journal, nopasswd: str
    ) -> None:
        become.environment["NOPASSWD"] = nopasswd
        host = Host(replace(become.endpoint, sudo=True, sudo_password=Secret(SUDO_PASSWORD)), journal)
        assert host.run("cat; echo done").stdout == "done\n"
        assert host.run("cat", stdin=b"input").stdout == "input"
        assert host.run("echo %s", SUDO_PASSWORD).stdout == f"{SUDO_PASSWORD}\n"
        host.close()
        assert journal.path
        assert "ect horse" not in journal.path.read_text()
        assert [line for line in become.lines if "ect horse" in line] == become.lines[-1:]  # the one that echoed it

    def test_a_refusal_comes_before_any_command(self, become: SshServer, journal: Journal) -> None:
        host = Host(replace(become.endpoint, sudo=True, sudo_password=Secret("wrong")), journal)
        with pytest.raises(UnreachableError, match="sudo refuses tester: sudo: 1 incorrect password attempt"):
            host.run("echo never")
        assert not any("never" in line for line in become.lines)
