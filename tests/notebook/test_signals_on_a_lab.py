"""A run that is interrupted, in each way and at each moment: nothing is left on, and its bundle is closed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from chapter_run import Finished, Site
from interruption import holding, left, on, release, stands, until
from terminal import LISTENING, OnTerminal, on_a_terminal

from runbook_lib.chapter.undo_folder import FOLDER
from runbook_lib.errors import INTERRUPTED

pytestmark = [pytest.mark.lab, pytest.mark.timeout(300)]
WITHIN_S = 90
VIP = "192.168.42.130/"
NODES = ("node129", "node128")


@dataclass
class Run:
    """One that goes on, and how it is stopped."""

    process: subprocess.Popen[Any]
    out: Path
    terminal: OnTerminal | None = None
    said: str = ""

    def ended(self) -> dict[str, Any]:
        """The result that it left; its exit status is the result's own."""
        status = self.process.wait(WITHIN_S)
        if self.process.stderr is not None and not self.process.stderr.closed:
            self.said = self.process.stderr.read()
        assert "Traceback" not in self.said
        (bundle,) = self.out.iterdir()
        result: dict[str, Any] = json.loads((bundle / "result.json").read_text())
        assert result["exit_status"] == status
        return result


def ctrl_c(run: Run) -> None:
    os.killpg(run.process.pid, signal.SIGINT)


def term(run: Run) -> None:
    run.process.terminate()


def hup(run: Run) -> None:
    run.process.send_signal(signal.SIGHUP)


def window_closed(run: Run) -> None:
    assert run.terminal is not None
    run.terminal.close()


STOPS = (ctrl_c, term, hup, window_closed)


def quick(*stops: Callable[[Run], None]) -> list[object]:
    """All of them; those that are not named here only in `make test-all`."""
    return [pytest.param(stop, marks=() if stop in stops else pytest.mark.slow) for stop in STOPS]


def begun(site: Site, folder: Path, stop: Callable[[Run], None], *arguments: str) -> AbstractContextManager[Run]:
    """A run of these notebooks, to be stopped so."""
    return command(site, folder, stop, "run", "--out", str(folder), *arguments)


@contextmanager
def command(site: Site, folder: Path, stop: Callable[[Run], None], *arguments: str) -> Iterator[Run]:
    """A command; on a terminal of its own where that is what will be closed."""
    argv = [*LISTENING, sys.executable, "-m", "runbook_lib", *arguments, "-f", str(site.file)]
    if stop is window_closed:
        with on_a_terminal(argv, site.folder) as terminal:
            yield Run(terminal.process, folder, terminal)
        return
    with subprocess.Popen(
        argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=site.folder, start_new_session=True
    ) as process:
        try:
            yield Run(process, folder)
        finally:
            process.kill()


@pytest.fixture
def site(finished: Finished) -> Iterator[Site]:
    """The chapter's site, node129 its master; after the test nothing is left on, and the pair does its work."""
    until(lambda: VIP in on(finished.site.lab, "node129", "ip -br addr"))
    yield finished.site
    lab = finished.site.lab
    until(lambda: not left(lab), 10)
    for node in NODES:
        assert faults_on(finished.site, node) == ""
        assert on(lab, node, "systemctl is-active keepalived openresty").split() == ["active", "active"]


def faults_on(site: Site, node: str) -> str:
    return on(site.lab, node, f"ls {FOLDER} 2>/dev/null || :")


@pytest.mark.parametrize("stop", STOPS)
def test_while_it_looks_at_the_machines(site: Site, tmp_path: Path, stop: Callable[[Run], None]) -> None:
    with begun(site, tmp_path / "out", stop, "--only", "05") as run:
        until(lambda: any(tmp_path.glob("out/*/journal.jsonl")))
        stop(run)
        result = run.ended()
    assert (result["verdict"], result["exit_status"]) == ("INTERRUPTED", INTERRUPTED)


@pytest.mark.parametrize("stop", quick(window_closed))
def test_in_a_change(site: Site, tmp_path: Path, stop: Callable[[Run], None]) -> None:
    on(site.lab, "node129", "systemctl stop keepalived")
    hold = holding(site.lab, "node129", "systemctl", "'start keepalived'*")
    with hold, begun(site, tmp_path / "out", stop, "--only", "07") as run:
        until(lambda: stands(site.lab, "node129"))
        stop(run)
        result = run.ended()
        until(lambda: not left(site.lab), 10)
    on(site.lab, "node129", "systemctl start keepalived")
    assert (result["verdict"], result["exit_status"]) == ("INTERRUPTED", INTERRUPTED)
    said = "Interrupted: no fault was on. Run the cell again to go on."
    assert said in "".join(path.read_text() for path in tmp_path.glob("out/*/07-*.ipynb"))


@pytest.mark.parametrize("stop", quick(hup, window_closed))
def test_in_mid_fault(site: Site, tmp_path: Path, stop: Callable[[Run], None]) -> None:
    with begun(site, tmp_path / "out", stop, "--only", "09", "-p", "fault=stop-keepalived") as run:
        until(lambda: any(faults_on(site, node) for node in NODES))
        stop(run)
        result = run.ended()
        assert not any(faults_on(site, node) for node in NODES)
    assert (result["verdict"], result["exit_status"]) == ("INTERRUPTED", INTERRUPTED)
    said = "Interrupted: stop-keepalived on node129 was undone."
    assert said in "".join(path.read_text() for path in tmp_path.glob("out/*/09-*.ipynb"))


def test_progress_that_nobody_reads_ends_a_run_at_its_next_line(site: Site, tmp_path: Path) -> None:
    with begun(site, tmp_path / "out", term, "--only", "05,06") as run:
        assert run.process.stderr is not None
        run.process.stderr.close()
        result = run.ended()
    assert (result["verdict"], result["exit_status"]) == ("INTERRUPTED", INTERRUPTED)
    assert [notebook["verdict"] for notebook in result["notebooks"]] == ["PASSED"]


def test_progress_that_nobody_reads_in_mid_fault(site: Site, tmp_path: Path) -> None:
    with begun(site, tmp_path / "out", term, "--only", "09", "-p", "fault=stop-keepalived") as run:
        until(lambda: any(faults_on(site, node) for node in NODES))
        assert run.process.stderr is not None
        run.process.stderr.close()
        assert run.ended()["exit_status"] == INTERRUPTED


def test_a_report_that_nobody_reads_changes_nothing(site: Site, tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "runbook_lib", "run", "-f", str(site.file), "--out", str(tmp_path), "--only", "05"]
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as nobody:
        ran = subprocess.run(argv, stdout=nobody, stderr=-1, text=True, check=False, cwd=site.folder)
    (file,) = tmp_path.glob("*/result.json")
    assert (ran.returncode, json.loads(file.read_text())["verdict"]) == (0, "PASSED")
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize("stop", quick(window_closed))
def test_a_trial_in_mid_fault(site: Site, tmp_path: Path, stop: Callable[[Run], None]) -> None:
    out = str(tmp_path / "out")
    with command(site, tmp_path, stop, "trial", "stop-keepalived", "-n", "2", "--out", out) as run:
        until(lambda: any(faults_on(site, node) for node in NODES))
        stop(run)
        assert run.process.wait(WITHIN_S) == INTERRUPTED
    assert not any(faults_on(site, node) for node in NODES)


@pytest.mark.parametrize("stop", quick(window_closed))
def test_an_injection_until_its_effect_is_seen(site: Site, tmp_path: Path, stop: Callable[[Run], None]) -> None:
    hold = holding(site.lab, "node129", "systemctl", "'stop keepalived'*")
    with hold, command(site, tmp_path, stop, "fault", "inject", "stop-keepalived") as run:
        until(lambda: stands(site.lab, "node129"))
        stop(run)
        assert run.process.wait(WITHIN_S) == INTERRUPTED
    assert not any(faults_on(site, node) for node in NODES)


@pytest.mark.parametrize("stop", quick(window_closed))
def test_a_recovery_comes_to_its_end(site: Site, tmp_path: Path, stop: Callable[[Run], None]) -> None:
    assert site.runbook("fault", "inject", "stop-keepalived", "--expire", "600").returncode == 0
    hold = holding(site.lab, "node129", "systemctl", "'start keepalived'*")
    with hold, command(site, tmp_path, stop, "fault", "recover") as run:
        until(lambda: stands(site.lab, "node129"))
        stop(run)
        release(site.lab, "node129")
        assert run.process.wait(WITHIN_S) == INTERRUPTED
    assert not any(faults_on(site, node) for node in NODES)


@pytest.mark.parametrize("stop", quick(window_closed))
def test_a_look_at_every_check(site: Site, tmp_path: Path, stop: Callable[[Run], None]) -> None:
    hold = holding(site.lab, "observer", "df", "*")
    with hold, command(site, tmp_path, stop, "check") as run:
        until(lambda: stands(site.lab, "observer"))
        stop(run)
        release(site.lab, "observer")
        assert run.process.wait(WITHIN_S) == INTERRUPTED
