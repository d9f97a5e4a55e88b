from __future__ import annotations

from dataclasses import replace

import pytest

from runbook_lib.chapter.openresty import Entry, wanted_entry
from runbook_lib.chapter.service import ServiceState
from runbook_lib.chapter.vip import Answer
from runbook_lib.checks.openresty import judge_answer, judge_installed, judge_other, judge_restart, judge_running
from runbook_lib.checks.verdict import Verdict
from runbook_lib.site import Site

WANTED = wanted_entry(Site(), "node128")
STATE = ServiceState(True, "active", True, "/etc/systemd/system/openresty.service", 812, "10:00:00 UTC")
FOUND = Entry(WANTED, STATE, executable=True, has_nginx=True, fresh=True)
ANSWER = Answer("node129", 200, "node128", "")
UNIT = "openresty.service"


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (FOUND, Verdict.passed("as wanted")),
        (
            replace(FOUND, files=replace(WANTED, launcher="ELF")),
            Verdict.passed("an OpenResty of its own, used as it is"),
        ),
        (
            replace(FOUND, port_taken_by="nginx"),
            Verdict.passed("nginx of its own, used as it is"),
        ),
        (
            replace(FOUND, files=replace(WANTED, launcher=None)),
            Verdict.failed("no OpenResty", "Notebook 01 sets it up."),
        ),
        (
            replace(FOUND, files=replace(WANTED, configuration="user root;\n")),
            Verdict.failed("set up, but with other files", "Notebook 01 shows the difference and fixes it."),
        ),
        (
            replace(FOUND, fresh=False),
            Verdict.failed(
                "runs with an older configuration, or not at all", "Notebook 01 lets it go on, reloads or starts it."
            ),
        ),
    ],
)
def test_an_entry_is_set_up(found: Entry, verdict: Verdict) -> None:
    assert judge_installed(found, WANTED) == verdict


@pytest.mark.parametrize(
    ("state", "processes", "verdict"),
    [
        ("active", 1, Verdict.passed("active, 1 processes")),
        (
            "inactive",
            1,
            Verdict.failed(
                "inactive, 1 processes outside of openresty.service",
                "Started by hand, or by the chapter's check script: openresty -s stop, "
                "then systemctl start openresty.service",
            ),
        ),
        (
            "active",
            0,
            Verdict.failed(
                "active, 0 processes", "It runs under another name: the chapter's check script would not see it."
            ),
        ),
        (
            "failed",
            0,
            Verdict.failed(
                "failed, 0 processes",
                "Notebook 01 starts it; if it does not stay: journalctl -u openresty.service -n 50",
            ),
        ),
    ],
)
def test_unit_and_processes_belong_together(state: str, processes: int, verdict: Verdict) -> None:
    assert judge_running(UNIT, state, processes) == verdict


@pytest.mark.parametrize(
    ("state", "counts_names", "verdict"),
    [
        (
            "active",
            False,
            Verdict.warned(
                "active, and it is nginx", "The chapter's check script would not see it; ours asks it for /entry."
            ),
        ),
        (
            "active",
            True,
            Verdict.failed(
                "active, and it is nginx", "The chapter's check script counts processes called openresty: take ours."
            ),
        ),
        (
            "inactive",
            False,
            Verdict.failed(
                "nginx listens on its port, and openresty.service is inactive",
                "Name the unit that runs it: openresty.unit, perhaps nginx.service.",
            ),
        ),
    ],
)
def test_another_server_in_its_place(state: str, counts_names: bool, verdict: Verdict) -> None:
    assert judge_other(UNIT, state, "nginx", counts_names=counts_names) == verdict


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (ANSWER, Verdict.passed("200 from node128")),
        (replace(ANSWER, entry=""), Verdict.passed("200 from an entry that does not give its name")),
        (
            Answer("node129", 0, "", "curl: (28) timed out"),
            Verdict.failed("curl: (28) timed out", "Notebook 01 starts it and opens the port."),
        ),
        (
            replace(ANSWER, entry="node129"),
            Verdict.failed("node129 answered in its place", "Two machines have this address."),
        ),
        (
            replace(ANSWER, status=404),
            Verdict.failed(
                "HTTP status 404: its configuration is not ours",
                "One of your own needs: location = /entry { return 200; } and, in its server, "
                "add_header X-Entry node128 always;",
            ),
        ),
    ],
)
def test_an_entry_answers_by_its_own_name(answer: Answer, verdict: Verdict) -> None:
    assert judge_answer("node128", answer) == verdict


@pytest.mark.parametrize(
    ("restart", "state", "stopped_pid", "verdict"),
    [
        ("Restart=always", STATE, None, Verdict.passed("Restart=always, active as PID 812")),
        ("Restart=always", STATE, 700, Verdict.passed("PID 700 was stopped, PID 812 runs since 10:00:00 UTC")),
        (
            "Restart=always",
            STATE,
            812,
            Verdict.failed("PID 812 still runs", "It was not stopped: run the step above again."),
        ),
        (
            "Restart=always",
            replace(STATE, active="activating"),
            700,
            Verdict.failed("openresty.service is activating", "journalctl -u openresty.service -n 50"),
        ),
        (
            "Restart=no",
            STATE,
            None,
            Verdict.failed("openresty.service has Restart=no", "Notebook 01 writes the unit."),
        ),
        ("", STATE, 700, Verdict.failed("openresty.service has no such setting", "Notebook 01 writes the unit.")),
    ],
)
def test_it_comes_back_by_itself(restart: str, state: ServiceState, stopped_pid: int | None, verdict: Verdict) -> None:
    assert judge_restart(UNIT, state, restart, stopped_pid) == verdict


def test_a_launcher_that_may_not_be_run() -> None:
    verdict = judge_installed(replace(FOUND, executable=False), WANTED)
    assert verdict == Verdict.failed("its launcher is not executable", "Notebook 01 makes it so.")
