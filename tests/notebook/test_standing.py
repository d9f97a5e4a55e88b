"""Which notebook's checks hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbook_lib.checks.verdict import Check, Status, Verdict
from runbook_lib.errors import UnreachableError
from runbook_lib.hosts import OpenSite
from runbook_lib.journal import Journal
from runbook_lib.notebook.standing import AT_ONCE, Standing, observe_all, standing
from runbook_lib.site import Site

SITE = OpenSite(Site(), {}, Journal(None), Path())
PASSED = Verdict.passed("so")


def check(name: str, notebook: str, verdict: Verdict = PASSED) -> Check:
    return Check(name, "It is so.", notebook, lambda: verdict)


def lost() -> Verdict:
    raise UnreachableError("node128: no answer.", "Is it on?")


def stands(monkeypatch: pytest.MonkeyPatch, *every: Check) -> tuple[Standing, ...]:
    monkeypatch.setitem(standing.__globals__, "every_check", lambda site: every)
    return standing(SITE)


def test_verdicts_come_in_the_order_of_the_checks() -> None:
    many = [check(f"a.{number}", "01", Verdict.passed(str(number))) for number in range(2 * AT_ONCE + 1)]
    assert [verdict.observed for verdict in observe_all(many)] == [str(number) for number in range(len(many))]


def test_a_machine_that_cannot_be_asked_does_not_hide_the_others() -> None:
    found = observe_all([Check("a.b", "It is so.", "01", lost), check("c.d", "01")])
    assert found == [Verdict.unknown("node128: no answer.", "Is it on?"), PASSED]


def test_a_row_for_each_notebook_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    found = stands(monkeypatch, check("v.a", "07"), check("c.a", "05"), check("v.b", "07"))
    assert found == (Standing("05", "1 of 1", ""), Standing("07", "2 of 2", ""))


def test_the_first_that_does_not_hold_is_named_with_what_was_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = (check("v.b", "07", Verdict.failed("nobody", "Start it.")), Check("v.c", "It is so.", "07", lost))
    assert stands(monkeypatch, check("v.a", "07"), *wrong) == (Standing("07", "1 of 3", "v.b: nobody"),)


@pytest.mark.parametrize(
    ("status", "row"),
    [
        (Status.PASSED, Standing("07", "1 of 1", "")),
        (Status.WARNED, Standing("07", "1 of 1", "")),
        (Status.SKIPPED, Standing("07", "1 of 1", "")),
        (Status.FAILED, Standing("07", "0 of 1", "v.a: seen")),
        (Status.UNKNOWN, Standing("07", "0 of 1", "v.a: seen")),
    ],
)
def test_what_warns_or_was_skipped_holds_back_nobody(
    status: Status, row: Standing, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert stands(monkeypatch, check("v.a", "07", Verdict(status, "seen"))) == (row,)
