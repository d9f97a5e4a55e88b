"""What mends a Nacos member on node128: the script itself, and a member of the test's own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from runbook_lib.lab.data.nacos import mend_member

SCRIPT = Path(mend_member.__file__)
DATABASE = {("a.yml", "TEST", ""): "one: ä\r\n", ("b", "TEST", "fast_team"): "two"}


class Member(BaseHTTPRequestHandler):
    """Answers 503 first, as one that starts; then as Nacos 1.4.1 does: nothing at all for what its database lacks."""

    asked = 0
    writes: Path | None = None  # what it writes of its own accord, just before it answers

    def do_GET(self) -> None:
        type(self).asked += 1
        query = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        found = DATABASE.get((query["dataId"], query["group"], query["tenant"]))
        self.send_response(503 if self.asked == 1 else 400 if query["dataId"] == "refused" else 200)
        self.end_headers()
        if self.writes is not None:
            self.writes.parent.mkdir(parents=True, exist_ok=True)
            self.writes.write_text("newer")
        self.wfile.write(json.dumps({"content": found}).encode() if found is not None else b"")

    def log_message(self, *_: object) -> None:
        """Not on the test's terminal."""


@pytest.fixture
def port() -> Iterator[int]:
    Member.asked, Member.writes = 0, None
    server = HTTPServer(("127.0.0.1", 0), Member)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def read_log(home: Path, port: int, *group_keys: str, event: str = "dump-ignore", told: str = "") -> None:
    log = "".join(f"2026-11-29 15:16:12,407 [{event}] as it is. groupKey={key}, md5=1\n\n" for key in group_keys)
    command = [sys.executable, str(SCRIPT), str(port), str(os.getpid())]
    done = subprocess.run(command, cwd=home, input=log, capture_output=True, text=True, check=False, timeout=30)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", told)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    return tmp_path


def test_what_a_member_left_unwritten_is_written_from_its_database(home: Path, port: int) -> None:
    read_log(home, port, "a.yml+TEST", "b+TEST+fast_team")
    assert (home / "data/config-data/TEST/a.yml").read_bytes() == "one: ä\r\n".encode()
    assert (home / "data/tenant-config-data/fast_team/TEST/b").read_text() == "two"
    assert not (home / "data/put-back").exists()


def test_what_a_member_has_written_is_left_alone_and_not_asked_for(home: Path, port: int) -> None:
    (home / "data/config-data/TEST").mkdir(parents=True)
    (home / "data/config-data/TEST/a.yml").write_text("newer")
    read_log(home, port, "a.yml+TEST")
    assert (home / "data/config-data/TEST/a.yml").read_text() == "newer"
    assert Member.asked == 0


def test_what_the_database_lacks_is_not_made(home: Path, port: int) -> None:
    read_log(home, port, "gone+TEST")
    assert list((home / "data").iterdir()) == []


def test_one_that_can_not_be_put_back_is_said_and_the_next_one_is_served(home: Path, port: int) -> None:
    told = "refused+TEST is not put back: HTTP Error 400: Bad Request\n"
    read_log(home, port, "refused+TEST", "a.yml+TEST", told=told)
    (home / "data/tenant-config-data").write_text("a file where a folder should be")
    why = "[Errno 20] Not a directory: 'data/tenant-config-data/fast_team/TEST'"
    read_log(home, port, "b+TEST+fast_team", told=f"b+TEST+fast_team is not put back: {why}\n")
    assert (home / "data/config-data/TEST/a.yml").exists()


def test_a_member_that_never_answers_is_given_up(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)
    monkeypatch.setattr(mend_member, "ANSWERS_WITHIN_S", 0.1)
    with pytest.raises(OSError, match="refused"):
        mend_member.put_back(1, "a.yml+TEST")


def test_what_a_member_writes_meanwhile_is_not_overwritten(home: Path, port: int) -> None:
    Member.writes = home / "data/config-data/TEST/a.yml"
    read_log(home, port, "a.yml+TEST")
    assert Member.writes.read_text() == "newer"
    assert not (home / "data/put-back").exists()


def test_other_lines_of_the_log_ask_for_nothing(home: Path, port: int) -> None:
    read_log(home, port, "a.yml+TEST", event="dump-all-ok")
    assert Member.asked == 0


LEADER = "INFO This Raft event changes : RaftEvent{groupId='nacos_config', leader='192.168.42.128:7850', term=1\n"
NO_LEADER = LEADER.replace("'192.168.42.128:7850'", "'null'")
OTHER_GROUP = LEADER.replace("nacos_config", "naming_persistent_service")
DUMP = "WARN isQuickStart:false\n"


@pytest.mark.parametrize(
    ("lines", "ended"),
    [
        ([LEADER], True),
        ([LEADER, LEADER], True),
        ([NO_LEADER, LEADER, OTHER_GROUP], True),
        ([LEADER, DUMP], False),
        ([DUMP, LEADER], False),  # read from two files: not in the order of their making
        ([LEADER, DUMP, LEADER], False),
        ([NO_LEADER], False),
        ([OTHER_GROUP], False),
        ([], False),
    ],
)
def test_a_member_is_ended_whose_first_dump_does_not_begin(
    lines: list[str], ended: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(mend_member, "DUMP_WITHIN_S", 1.0)

    with subprocess.Popen(["sleep", "60"]) as member:

        def log() -> Iterator[str]:
            yield from lines
            with suppress(subprocess.TimeoutExpired):
                member.wait(10 if ended else 1.5)

        mend_member.watch(log(), 0, member.pid)
        was_ended = member.poll() == -signal.SIGKILL
        member.kill()
    assert was_ended is ended
    said = "ended: its first dump did not begin within 1.0 s of the leader's news\n"
    assert capsys.readouterr().err == (said if ended else "")
