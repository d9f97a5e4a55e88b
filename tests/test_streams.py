"""stdout and stderr of a command: outward, and without a word when their reader is gone."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

PRINTS = """
import sys, time
from runbook_lib import signals
from runbook_lib.outward import Secret, protect
from runbook_lib.notebook.progress import Progress
from runbook_lib.streams import standard_streams
protect(Secret("hunter2"))
signals.listen(signals.SIGNALS)
with standard_streams():
    {body}
"""


def python(body: str, **options: object) -> subprocess.Popen[str]:
    argv = [sys.executable, "-c", PRINTS.format(body=body.replace("\n", "\n    "))]
    environment = {**os.environ, "PYTHONUNBUFFERED": "", "TERM": "xterm"}
    given = {"env": environment, "stdout": -1, "stderr": -1, "text": True, **options}
    return subprocess.Popen(argv, **given)  # type: ignore[call-overload, no-any-return]


@pytest.mark.parametrize(
    "body",
    [
        "print('\\x1b[2J hunter2')",
        "print('\\x1b[2J hunter2', file=sys.stderr)",
        "import typer; typer.echo('\\x07 hunter2')",
        "Progress().say('\\x1b[2J hunter2')",
        "sys.excepthook(ValueError, ValueError('\\x1b[2J hunter2'), None)",
    ],
)
def test_whatever_is_printed_is_outward(body: str) -> None:
    said = "".join(python(body).communicate())
    assert "\\x1b[2J •••" in said or "\\x07 •••" in said
    assert "hunter2" not in said
    assert "\x1b" not in said


def test_a_terminal_gets_our_own_sequences_and_nobody_elses() -> None:
    master, slave = pty.openpty()
    body = "with Progress().doing('it'):\n    Progress().say('\\x1b]0;x\\x07')"
    with python(body, stderr=slave) as running:
        running.wait(30)
    os.close(slave)
    drawn = os.read(master, 100_000).decode()
    os.close(master)
    assert "\x1b[" in drawn
    assert "\x1b]0" not in drawn
    assert "\\x1b]0;x\\x07" in drawn


def closed_pipe() -> int:
    reader, writer = os.pipe()
    os.close(reader)
    return writer


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_pipe_that_nobody_reads_interrupts_once(stream: str) -> None:
    body = f"""\
try:
    print("x", file=sys.{stream}, flush=True)
    time.sleep(60)
except KeyboardInterrupt:
    print("y", file=sys.{stream}, flush=True)
    Progress().say("z")
    sys.exit(130)
"""
    with python(body, **{stream: closed_pipe()}) as running:
        assert running.wait(30) == 130
        assert "".join(filter(None, running.communicate())) == ("z\n" if stream == "stdout" else "")


def test_a_reader_that_is_gone_at_the_end_changes_nothing() -> None:
    with python("print('x')", stdout=closed_pipe()) as running:
        assert (running.communicate()[1], running.returncode) == ("", 0)


def test_a_progress_that_nobody_reads_interrupts() -> None:
    body = "try:\n    Progress().say('x')\n    time.sleep(60)\nexcept KeyboardInterrupt:\n    sys.exit(130)"
    with python(body, stderr=closed_pipe()) as running:
        assert running.wait(30) == 130


def test_a_closed_terminal_only_silences() -> None:
    master, slave = pty.openpty()
    body = """\
sys.stdin.readline()
for each in (sys.stdout, sys.stderr):
    print("x", file=each, flush=True)
with Progress().doing("it"):
    Progress().say("y")
    time.sleep(1)
sys.exit(7)
"""
    with python(body, stdin=-1, stdout=slave, stderr=slave) as running:
        os.close(slave)
        os.close(master)
        assert running.stdin is not None
        running.communicate("go\n", timeout=30)
        assert running.returncode == 7


def test_streams_that_the_caller_closed() -> None:
    argv = [
        "sh",
        "-c",
        f"exec {sys.executable} -c '{PRINTS.format(body='print(1); Progress().say(str(2)); sys.exit(7)')}' >&- 2>&-",
    ]
    assert subprocess.run(argv, check=False).returncode == 7


@pytest.mark.parametrize(("stream", "status"), [("stdout", 1), ("stderr", 7)])
def test_a_full_disk_under_the_report_is_an_error_and_under_the_progress_none(stream: str, status: int) -> None:
    body = f"print('x', file=sys.{stream}, flush=True); sys.exit(7)"
    with Path("/dev/full").open("w") as full, python(body, **{stream: full}) as running:
        running.communicate()
        assert running.returncode == status


def test_a_stream_of_ascii_only_is_no_defect() -> None:
    ran = python("print('• → done')", env={**os.environ, "PYTHONIOENCODING": "ascii", "TERM": "dumb"})
    assert ran.communicate(timeout=60) == ("\\u2022 \\u2192 done\n", "")
    assert ran.returncode == 0
