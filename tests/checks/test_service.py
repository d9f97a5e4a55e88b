from __future__ import annotations

from dataclasses import replace

import pytest

from runbook_lib.chapter.daemon import Daemon
from runbook_lib.chapter.rendering import template
from runbook_lib.chapter.service import UNIT_FILE, Registration, ServiceState
from runbook_lib.checks.service import judge_enabled, judge_fresh, judge_not_sysv, judge_registered, judge_running
from runbook_lib.checks.verdict import Verdict

RIGHT = Registration("b1", "b1", template("keepalived.service"))
STATE = ServiceState(True, "active", True, UNIT_FILE, 812, "Mon 2024-01-01 10:00:00 UTC")
ABSENT = ServiceState(False, "inactive", False, "", 0, "")
WRITES = Verdict.failed("systemd knows no keepalived.service", "Notebook 03 writes it.")
DAEMON = Daemon(
    host="node128", active=True, holds_vip=False, config="a\n", read_config="a\n", files="f1", started_files="f1",
    script=True, read_script=True,
)  # fmt: skip


@pytest.mark.parametrize(
    ("found", "state", "verdict"),
    [
        (RIGHT, STATE, Verdict.passed(f"{UNIT_FILE} runs /usr/sbin/keepalived")),
        (
            replace(RIGHT, on_path=""),
            STATE,
            Verdict.failed("no /usr/sbin/keepalived", "Notebook 03 copies it there."),
        ),
        (
            replace(RIGHT, built="b2"),
            STATE,
            Verdict.failed("/usr/sbin/keepalived is not the binary that was built", "Notebook 03 copies it again."),
        ),
        (replace(RIGHT, unit=None), STATE, WRITES),
        (RIGHT, ABSENT, WRITES),
        (
            RIGHT,
            replace(STATE, file="/lib/systemd/system/keepalived.service"),
            Verdict.failed(
                f"/lib/systemd/system/keepalived.service wins over {UNIT_FILE}", "Notebook 03 tells systemd."
            ),
        ),
        (
            RIGHT,
            replace(STATE, file=""),
            Verdict.failed(f"another file wins over {UNIT_FILE}", "Notebook 03 tells systemd."),
        ),
        (
            replace(RIGHT, unit="[Unit]\n"),
            STATE,
            Verdict.failed(f"{UNIT_FILE} is not as we write it", "Notebook 03 writes it again."),
        ),
    ],
)
def test_binary_and_unit_are_registered(found: Registration, state: ServiceState, verdict: Verdict) -> None:
    assert judge_registered(found, state) == verdict


@pytest.mark.parametrize(
    ("state", "verdict"),
    [
        (STATE, Verdict.passed(UNIT_FILE)),
        (ABSENT, WRITES),
        (
            replace(STATE, file="/run/systemd/generator.late/keepalived.service"),
            Verdict.failed(
                "/run/systemd/generator.late/keepalived.service was made of an init.d script",
                "Notebook 03 writes a unit, which wins.",
            ),
        ),
    ],
)
def test_no_init_script_is_asked(state: ServiceState, verdict: Verdict) -> None:
    assert judge_not_sysv(state) == verdict


@pytest.mark.parametrize(
    ("state", "verdict"),
    [
        (STATE, Verdict.passed("enabled")),
        (ABSENT, Verdict.failed("no such unit", "Notebook 03 registers it.")),
        (
            replace(STATE, enabled=False),
            Verdict.failed("not enabled", "Notebook 03, or: systemctl enable keepalived.service"),
        ),
    ],
)
def test_it_starts_at_boot(state: ServiceState, verdict: Verdict) -> None:
    assert judge_enabled(state) == verdict


@pytest.mark.parametrize(
    ("state", "verdict"),
    [
        (STATE, Verdict.passed("active since Mon 2024-01-01 10:00:00 UTC, PID 812")),
        (ABSENT, Verdict.failed("no such unit", "Notebook 03 registers it.")),
        (replace(STATE, active="failed"), Verdict.failed("failed", "Why: journalctl -u keepalived.service -n 50")),
        (
            replace(STATE, active="inactive"),
            Verdict.failed("inactive", "Notebook 07 starts it, or: systemctl start keepalived.service"),
        ),
    ],
)
def test_it_runs(state: ServiceState, verdict: Verdict) -> None:
    assert judge_running(state) == verdict


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (DAEMON, Verdict.passed("runs with its files as they stand")),
        (replace(DAEMON, active=False), Verdict.failed("not running", "Notebook 07 does the start.")),
        (
            replace(DAEMON, config="b\n"),
            Verdict.failed("runs with an older configuration", "Notebook 07 does the reload."),
        ),
        (
            replace(DAEMON, files="f2", holds_vip=True),
            Verdict.failed(
                "runs with an older binary or unit",
                "Notebook 07 does the restart. "
                "It takes the VIP away for a moment, so the site must allow disruption: faults.",
            ),
        ),
        (
            replace(DAEMON, files="f2", holds_vip=False),
            Verdict.failed("runs with an older binary or unit", "Notebook 07 does the restart."),
        ),
    ],
)
def test_what_runs_is_what_stands_in_the_files(found: Daemon, verdict: Verdict) -> None:
    assert judge_fresh(found) == verdict
