from __future__ import annotations

import multiprocessing
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from runbook_lib.journal import (
    ChangeMade,
    CheckJudged,
    CommandRan,
    Event,
    FaultApplied,
    FaultRecorded,
    FaultUndone,
    FileSent,
    Journal,
    JournalError,
    KeepalivedFound,
    NotebookFinished,
    Noted,
    read_journal,
)
from runbook_lib.outward import Secret, protect

EVENTS: tuple[Event, ...] = (
    CommandRan("node128", "true", None, "2026-01-02T03:04:05.678+00:00", 0.5, "out", "err", timed_out=True),
    FileSent("node128", "/etc/f", "0" * 64, 3, changed=True),
    ChangeMade("node128", "write /etc/f", "absent", ("write /etc/f",), "+x\n", "", 0.1),
    CheckJudged("vip.one-holder", "One node holds the VIP.", "PASSED", "node129", "", 1.5),
    FaultRecorded("f-1", "stop-keepalived", "node129", "systemctl start keepalived", 120.0),
    FaultApplied("f-1", "2026-01-02T03:04:05.678901+00:00"),
    FaultUndone("f-1", confirmed=True),
    KeepalivedFound("node129", "2.1.5", "k.tar.gz", "s1", "b1", "./configure", "-O2", "gcc 12.2.0"),
    Noted("compiler", {"gcc": "12.2"}),
    NotebookFinished("05", "PASSED", 3.25),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "bundle" / "journal.jsonl"


def commands(path: Path) -> list[CommandRan]:
    return [r.event for r in read_journal(path) if isinstance(r.event, CommandRan)]


def test_what_is_written_is_read_again(path: Path) -> None:
    before = datetime.now(UTC)
    journal = Journal(path, context={"run_id": "r1", "notebook": "05"})
    for event in EVENTS:
        journal.write(event)
    records = read_journal(path)
    assert tuple(record.event for record in records) == EVENTS
    assert [record.kind for record in records] == [event.kind for event in EVENTS]
    assert all(record.context == {"run_id": "r1", "notebook": "05"} for record in records)
    assert before <= datetime.fromisoformat(records[0].time) <= datetime.now(UTC)
    assert records[0].monotonic_s <= records[-1].monotonic_s


def test_a_journal_without_a_path_keeps_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Journal(None).write(Noted("nothing"))
    assert list(tmp_path.iterdir()) == []


def test_secrets_are_masked_in_values_and_the_names_stay(path: Path) -> None:
    journal = Journal(path)
    journal.write(Noted("hunter2"))
    protect(Secret("hunter2"))
    journal.write(Noted("a hunter2", {"is": "hunter2"}))
    assert [record.event for record in read_journal(path)] == [Noted("hunter2"), Noted("a •••", {"is": "•••"})]


@pytest.mark.parametrize("password", ["kind", "event", "verdict", "check", "host", "start", "PASSED"])
def test_a_password_that_is_a_word_of_ours_leaves_a_journal_that_can_be_read(path: Path, password: str) -> None:
    protect(Secret(password))
    for event in EVENTS:
        Journal(path).write(event)
    assert [record.kind for record in read_journal(path)] == [event.kind for event in EVENTS]


def test_control_characters_are_written_out(path: Path) -> None:
    Journal(path).write(Noted("\x1b[2Ja\tb\n"))
    assert [record.event for record in read_journal(path)] == [Noted("\\x1b[2Ja\tb\n")]


def test_a_secret_across_the_cut_of_a_long_output_is_masked_whole(path: Path) -> None:
    journal = Journal(path)
    protect(Secret("correct horse"))
    journal.write(CommandRan("h", "c", 0, "", 0.0, stdout="x" * 2042 + "correct horse" + "y" * 9000))
    assert commands(path)[0].stdout.startswith("x" * 2042 + "•••yyy\n… 11045 characters in all …\n")


def test_the_lines_of_several_processes_never_mix(path: Path) -> None:
    def write_many() -> None:
        for number in range(200):
            Journal(path).write(Noted("x" * 3000, {"number": str(number)}))

    writers = [multiprocessing.get_context("fork").Process(target=write_many) for _ in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(30)
    assert len(read_journal(path)) == 600


def test_a_torn_last_line_is_left_out(path: Path) -> None:
    Journal(path).write(Noted("whole"))
    path.write_bytes(path.read_bytes() + b'{"time": "2026-')
    assert [record.event for record in read_journal(path)] == [Noted("whole")]


@pytest.mark.parametrize("torn", [b"{", b'{"time": "2026-' + b"x" * 100_000])
@pytest.mark.parametrize("whole", [True, False])
def test_a_torn_line_is_gone_when_the_next_one_comes(path: Path, torn: bytes, *, whole: bool) -> None:
    if whole:
        Journal(path).write(Noted("whole"))
    path.parent.mkdir(exist_ok=True)
    with path.open("ab") as file:
        file.write(torn)
    Journal(path).write(Noted("next"))
    assert [record.event for record in read_journal(path)] == [Noted("whole")] * whole + [Noted("next")]


FILLS = """
import sys
from pathlib import Path
from runbook_lib.journal import Journal, JournalError, Noted, read_journal
path = Path(sys.argv[1]) / "journal.jsonl"
written = 0
try:
    while True:
        Journal(path).write(Noted("x" * 3000))
        written += 1
except JournalError as error:
    print(str(error) == f"{path} can't be written: No space left on device. "
          "Free some space there, or choose another --out.")
print(written == len(read_journal(path)), path.read_bytes().endswith(b"\\n"))
(path.parent / "ballast").unlink()
Journal(path).write(Noted("after"))
print(len(read_journal(path)) == written + 1)
"""
SMALL = 'mount -t tmpfs -o size=64k tmpfs "$1" && head -c 5000 /dev/zero >"$1/ballast" && exec "$0" -c "$2" "$1"'


def test_on_a_full_disk_it_raises_and_what_stands_there_stays_whole(tmp_path: Path) -> None:
    private = ["unshare", "--map-root-user", "--mount", "sh", "-c", SMALL, sys.executable, str(tmp_path), FILLS]
    ran = subprocess.run(private, capture_output=True, text=True, check=False)
    if "unshare" in ran.stderr:
        pytest.skip("this machine gives nobody a mount namespace")
    assert (ran.stdout, ran.stderr) == ("True\nTrue True\nTrue\n", "")


def test_writers_that_are_killed_leave_whole_lines(path: Path) -> None:
    def write_on() -> None:
        while True:
            Journal(path).write(Noted("x" * 3000))

    context, random = multiprocessing.get_context("fork"), Random(7)
    other = context.Process(target=write_on)
    other.start()
    for _ in range(20):
        writer = context.Process(target=write_on)
        writer.start()
        time.sleep(random.uniform(0.01, 0.04))
        writer.kill()
        writer.join(30)
    other.kill()
    other.join(30)
    Journal(path).write(Noted("after"))
    assert read_journal(path)[-1].event == Noted("after")


@pytest.mark.parametrize("line", ["{", "[]", "{}", '{"kind": "Unknown"}', '{"kind": "Noted", "event": {"text": 3}}'])
def test_any_other_broken_line_is_named(path: Path, line: str) -> None:
    Journal(path).write(Noted("whole"))
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(JournalError) as caught:
        read_journal(path)
    assert str(caught.value) == f"{path}: line 2 is no journal record. The file was edited or damaged."


def test_a_journal_that_cannot_be_written_says_so() -> None:
    with pytest.raises(JournalError) as caught:
        Journal(Path("/dev/full")).write(Noted("lost"))
    assert str(caught.value) == (
        "/dev/full can't be written: No space left on device. Free some space there, or choose another --out."
    )
