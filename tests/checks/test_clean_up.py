from __future__ import annotations

from runbook_lib.chapter.clean_up import Left
from runbook_lib.checks.clean_up import judge_left
from runbook_lib.checks.verdict import Verdict
from runbook_lib.site import Site

HINT = "Notebook 90 takes it away; the VIP goes when keepalived stops."


def test_a_node_as_it_was() -> None:
    assert judge_left((), holds=False) == Verdict.passed("nothing")


def test_whatever_is_left_is_named() -> None:
    found = Left(ours=frozenset({"/etc/keepalived/keepalived.conf"}), half_done=True, units=frozenset({"x.service"}))
    named = "keepalived.conf, files of an interrupted step, whether x.service ran before, the VIP"
    assert judge_left(found.parts(Site()), holds=True) == Verdict.failed(named, HINT)


def test_an_address_without_any_file_of_ours_is_left_too() -> None:
    assert judge_left((), holds=True) == Verdict.failed("the VIP", HINT)
