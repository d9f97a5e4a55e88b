"""What ends a command: one sentence and its exit status, or a traceback where the defect is ours."""

from __future__ import annotations

import errno
from collections.abc import Iterator

import pytest
from caught_signals import caught

from runbook_lib import __main__ as command_line


@pytest.fixture(autouse=True)
def _handlers() -> Iterator[None]:
    """A command keeps its handlers to its end, which here is the test's."""
    with caught():
        yield


@pytest.mark.parametrize(
    ("error", "last", "traceback"),
    [
        (
            OSError(errno.ENOSPC, "No space left on device", "out/trials.csv"),
            "runbook: No space left on out/trials.csv. Free some there, and run it again.",
            False,
        ),
        (
            OSError(errno.ENOSPC, "No space left on device"),
            "runbook: No space left on this machine's disk, or the folder of --out. Free some there, and run it again.",
            False,
        ),
        (OSError(errno.EBADF, "Bad file descriptor"), command_line.DEFECT, True),
        (ValueError("no"), command_line.DEFECT, True),
    ],
)
def test_a_full_disk_is_no_defect_of_ours(
    error: Exception, last: str, *, traceback: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr(command_line, "app", fail)
    with pytest.raises(SystemExit) as ended:
        command_line.main()
    said = capsys.readouterr().err
    assert ended.value.code == 2
    assert said.splitlines()[-1] == last
    assert ("Traceback" in said) is traceback


def test_an_interrupt_is_said_with_what_it_could_not_undo(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    notes: list[str] = []

    def wait(*_: object, as_json: bool) -> None:
        interrupt = KeyboardInterrupt()
        for note in notes:
            interrupt.add_note(note)
        raise interrupt

    monkeypatch.setattr("runbook_lib.notebook.lint.lint_files", wait)
    monkeypatch.setattr("sys.argv", ["runbook", "lint", "a", "b"])
    for said in ("runbook: interrupted.", "runbook: interrupted. Not undone: node129 is off."):
        with pytest.raises(SystemExit) as ended:
            command_line.main()
        assert (ended.value.code, capsys.readouterr().err.strip()) == (130, said)
        notes.append("Not undone: node129 is off.")
