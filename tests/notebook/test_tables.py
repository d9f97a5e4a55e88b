"""What `runbook run --plan` and `runbook check` print."""

from __future__ import annotations

import json

import pytest

from runbook_lib.chapter.change import Change, Command, WriteFile
from runbook_lib.checks.verdict import Check, Verdict
from runbook_lib.notebook.tables import render_checks, render_checks_json, render_count, render_planned
from runbook_lib.outward import Secret, protect

WRITE = WriteFile("/etc/a", "new\n", before="old\n")
MADE = Change("node129", "write /etc/a", (WRITE, Command("systemctl reload x")), was="another", warning="odd")
NONE = Change.none("node128", "/etc/a is right")
HELD = Change("node128", "x: not restarted, agree to it", warning="the VIP leaves it", held_back=True)


def test_a_change_has_its_actions_its_warning_and_its_diff_below_it() -> None:
    assert render_planned("Write the file", [MADE, NONE, HELD]) == (
        "  Write the file\n"
        "    node129: write /etc/a (found: another)\n"
        "      write /etc/a\n"
        "      systemctl reload x\n"
        "      WARNED: odd\n"
        "      --- /etc/a\n"
        "      +++ /etc/a\n"
        "      @@ -1 +1 @@\n"
        "      -old\n"
        "      +new\n"
        "    node128: no change: /etc/a is right\n"
        "    node128: HELD BACK: x: not restarted, agree to it\n"
        "      WARNED: the VIP leaves it"
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ([], "Nothing would change."),
        ([NONE, NONE], "Nothing would change."),
        ([MADE, NONE], "1 change would be made; none was."),
        ([MADE, MADE], "2 changes would be made; none was."),
        ([HELD, NONE], "Nothing would change. 1 is held back."),
        ([HELD, HELD], "Nothing would change. 2 are held back."),
        ([MADE, HELD], "1 change would be made; none was. 1 is held back."),
        ([MADE, MADE, HELD, HELD], "2 changes would be made; none was. 2 are held back."),
    ],
)
def test_the_last_line_counts_what_would_be_made_and_what_is_held_back(changes: list[Change], said: str) -> None:
    assert render_count(changes) == said


def test_a_plan_that_changes_nothing_may_disturb_for_a_moment() -> None:
    said = "Nothing would change; what would be disturbed for a moment stands above. 1 is held back."
    assert render_count([HELD], disturbed=True) == said
    assert render_count([MADE], disturbed=True) == "1 change would be made; none was."


def test_a_plan_says_what_would_be_undone_first() -> None:
    assert render_count([NONE], undone=1) == "1 thing would be undone first. Nothing else would change."
    assert render_count([MADE], undone=2) == "2 things would be undone first. 1 change would be made; none was."


def test_checks_in_a_row_with_the_same_hint_have_it_once_below_the_last() -> None:
    off, well = Verdict.unknown("node128 is off", "Switch it on"), Verdict.passed("both")
    stopped = Verdict.failed("node129: stopped", "Start it")
    verdicts = [
        (Check(name, "", "01", lambda: well), verdict)
        for name, verdict in (("a", well), ("bb", off), ("c", off), ("d", stopped), ("e", off))
    ]
    assert render_checks(verdicts).splitlines() == [
        "PASSED   a   both",
        "UNKNOWN  bb  node128 is off",
        "UNKNOWN  c   node128 is off",
        "             -> Switch it on",
        "FAILED   d   node129: stopped",
        "             -> Start it",
        "UNKNOWN  e   node128 is off",
        "             -> Switch it on",
    ]


def test_the_json_of_checks_has_no_secret_and_stays_json() -> None:
    protect(Secret('pa"ss'))
    verdict = Verdict.unknown('sudo said pa"ss \x1b\x9b', "")
    (shown,) = json.loads(render_checks_json([(Check("a.b", "It is so.", "05", lambda: verdict), verdict)]))
    assert shown["observed"] == "sudo said ••• \\x1b\\x9b"
