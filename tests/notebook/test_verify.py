"""A check becomes a verdict: a line, an event, an error where the notebook must stop."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbook_lib.checks.verdict import Check, Verdict
from runbook_lib.errors import ArtifactError, CheckFailedError, CommandError, LabError, NotebookError, RunbookError
from runbook_lib.hosts import OpenSite
from runbook_lib.journal import CheckJudged, Journal, read_journal
from runbook_lib.notebook import kernel, verify
from runbook_lib.outward import Secret, protect
from runbook_lib.site import Site


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OpenSite:
    monkeypatch.setattr(kernel, "_open", [])
    return kernel.use(OpenSite(Site(), {}, Journal(tmp_path / "journal.jsonl"), tmp_path))


def check(*verdicts: Verdict) -> Check:
    """A check that says these in turn, the last one for ever."""
    left = list(verdicts)
    return Check("a.b", "It is so.", "05", lambda: left.pop(0) if len(left) > 1 else left[0])


def judged(site: OpenSite) -> list[CheckJudged]:
    assert site.journal.path is not None
    return [r.event for r in read_journal(site.journal.path) if isinstance(r.event, CheckJudged)]


def test_passed_is_the_claim_what_was_seen_and_one_event(site: OpenSite, capsys: pytest.CaptureFixture[str]) -> None:
    verify(check(Verdict.passed("Both do.")))
    assert capsys.readouterr().out == "✔ PASSED  a.b: It is so.\n  Both do.\n"
    assert [(j.check, j.verdict, j.observed) for j in judged(site)] == [("a.b", "PASSED", "Both do.")]


def test_warned_shows_its_hint_and_goes_on(site: OpenSite, capsys: pytest.CaptureFixture[str]) -> None:
    verify(check(Verdict.warned("2.2.7 runs.", "Give the archive of 2.1.5.")))
    assert capsys.readouterr().out == "! WARNED  a.b: It is so.\n  2.2.7 runs.\n  → Give the archive of 2.1.5.\n"


def test_skipped_goes_on(site: OpenSite, capsys: pytest.CaptureFixture[str]) -> None:
    verify(check(Verdict.skipped("nobody measures")))
    assert capsys.readouterr().out == "– SKIPPED  a.b: It is so.\n  nobody measures\n"


def test_failed_raises(site: OpenSite) -> None:
    with pytest.raises(CheckFailedError) as caught:
        verify(check(Verdict.failed("nobody holds it", "Start keepalived.")))
    assert str(caught.value) == "a.b is FAILED: nobody holds it. Start keepalived."
    assert judged(site)[0].hint == "Start keepalived."


def test_it_waits_for_a_good_verdict_and_journals_only_that(site: OpenSite) -> None:
    verify(check(Verdict.failed("not yet", ""), Verdict.passed("now")), within_s=30)
    assert [j.verdict for j in judged(site)] == ["PASSED"]


@pytest.mark.parametrize("error", [CommandError, LabError, ArtifactError])
def test_what_cannot_be_asked_or_read_is_unknown(site: OpenSite, error: type[RunbookError]) -> None:
    def observe() -> Verdict:
        raise error("node128: no answer.", "Is it on?")

    with pytest.raises(CheckFailedError):
        verify(Check("a.b", "It is so.", "05", observe))
    assert [(j.verdict, j.hint) for j in judged(site)] == [("UNKNOWN", "Is it on?")]


def test_an_unknown_verdict_ends_with_one_full_stop(site: OpenSite) -> None:
    def observe() -> Verdict:
        raise CommandError("node128: no answer.", "Is it on?")

    with pytest.raises(CheckFailedError) as caught:
        verify(Check("a.b", "It is so.", "05", observe))
    assert str(caught.value) == "a.b is UNKNOWN: node128: no answer. Is it on?"


def test_without_the_setup_cell() -> None:
    with pytest.raises(NotebookError) as caught:
        verify(check(Verdict.passed("x")))
    assert str(caught.value) == "No site is open in this kernel. Run the setup cell first: site = open_site(site)"


def test_what_a_machine_said_is_shown_without_secret_and_control_character(
    site: OpenSite, capsys: pytest.CaptureFixture[str]
) -> None:
    protect(Secret("hunter2"))
    verify(check(Verdict.passed("It said \x1b[2J hunter2.")))
    assert capsys.readouterr().out == "✔ PASSED  a.b: It is so.\n  It said \\x1b[2J •••.\n"
    assert judged(site)[0].observed == "It said \\x1b[2J •••."
