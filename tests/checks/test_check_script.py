from __future__ import annotations

import pytest

from checks.nodes import open_fake
from runbook_lib.chapter.check_script import InstalledScript
from runbook_lib.checks.check_script import REASON, check_script_reports, judge_installed, judge_report
from runbook_lib.checks.verdict import Verdict

BY_HAND = "Run /etc/keepalived/openresty_check.sh by hand: it needs curl, and the right port."
NEVER_LEARN = "It says 0 whatever happens: keepalived would never learn of a failure."


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (InstalledScript(None, 0), Verdict.failed("no script", "Notebook 06 installs it.")),
        (
            InstalledScript("exit 0\n", 0o755),
            Verdict.failed("another script", "Notebook 06 installs the one that the parameters ask for."),
        ),
        (
            InstalledScript("exit 1\n", 0o644),
            Verdict.failed(
                "mode 644", "keepalived disables it: chmod +x /etc/keepalived/openresty_check.sh, or notebook 06."
            ),
        ),
        (InstalledScript("exit 1\n", 0o755), Verdict.passed("as rendered, mode 755")),
    ],
)
def test_the_script_is_the_wanted_one_and_executable(found: InstalledScript, verdict: Verdict) -> None:
    assert judge_installed(found, "exit 1\n") == verdict


@pytest.mark.parametrize(
    ("answers", "here", "verdict"),
    [
        (True, 0, Verdict.passed("status 0 while OpenResty answers, 7 without any")),
        (False, 28, Verdict.passed("status 28 while OpenResty does not answer, 7 without any")),
        (True, 22, Verdict.failed("status 22 while OpenResty answers, 7 without any", BY_HAND)),
        (False, 0, Verdict.failed("status 0 while OpenResty does not answer, 7 without any", BY_HAND)),
    ],
)
def test_the_script_says_what_is_true(answers: bool, here: int, verdict: Verdict) -> None:
    assert judge_report(answers, here, nobody=7) == verdict


def test_a_script_that_says_0_where_nobody_listens_is_useless() -> None:
    observed = "status 0 while OpenResty answers, 0 without any"
    assert judge_report(True, here=0, nobody=0) == Verdict.failed(observed, NEVER_LEARN)


@pytest.mark.parametrize("status", [126, 127])
def test_a_script_that_cannot_be_run_is_not_one_that_reports_a_failure(status: int) -> None:
    verdict = Verdict.failed(f"it can't be run (status {status})", "Notebook 06 installs it, and it needs curl.")
    assert judge_report(False, here=status, nobody=status) == verdict


def test_the_chapters_script_is_not_run_to_find_out() -> None:
    check = check_script_reports(open_fake(check_script="chapter"))
    assert check.observe() == Verdict.skipped(REASON)
