from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from checks.nodes import FakeHost, lost, open_fake
from runbook_lib.chapter.vip import Answer
from runbook_lib.checks.verdict import Verdict
from runbook_lib.checks.vip import judge_answer, judge_holders, one_vip_holder, vip_answers
from runbook_lib.errors import UnreachableError

ANSWER = Answer("observer", 200, "node129", "")


@pytest.mark.parametrize("expect", ["node129", None])
def test_one_holder(expect: str | None) -> None:
    assert judge_holders(("node129",), expect) == Verdict.passed("node129 holds it")


def test_nobody_holds_it() -> None:
    assert judge_holders((), "node129") == Verdict.failed(
        "nobody holds it",
        "After a start both wait 3A + skew; then: does keepalived run (notebook 07), does the script fail on both "
        "(run it by hand), is a cable out?",
    )


def test_both_hold_it() -> None:
    assert judge_holders(("node129", "node128"), "node129") == Verdict.failed(
        "node129 and node128 both hold it",
        "They don't hear each other: the firewall drops VRRP (notebook 04), or their configurations differ "
        "(check config.agrees).",
    )


def test_another_holds_it_than_expected() -> None:
    assert judge_holders(("node128",), "node129") == Verdict.failed(
        "node128 holds it",
        "node129 gives it up when its cable is out, its script fails, its keepalived is stopped, or it has only "
        "just come back (it waits 3A + skew).",
    )


@pytest.mark.parametrize(
    ("values", "claim", "status"),
    [
        ({}, "Of the pair node129 holds 192.168.42.130/24.", "FAILED"),
        ({"vrrp": {"preempt": False}}, "Of the pair exactly one node holds 192.168.42.130/24.", "PASSED"),
    ],
)
def test_where_nobody_preempts_either_node_may_hold_it(values: dict[str, Any], claim: str, status: str) -> None:
    holds = "2: ens33    inet 192.168.42.130/24 scope global secondary ens33\n"
    site = open_fake(FakeHost("node129"), FakeHost("node128", lambda command: (0, holds, "")), **values)
    check = one_vip_holder(site, expect=site.master)
    assert (check.claim, check.observe().status) == (claim, status)


@pytest.mark.parametrize(
    ("answer", "holders", "verdict"),
    [
        (ANSWER, ("node129",), Verdict.passed("asked from observer: 200 from node129, which holds the VIP")),
        (
            Answer("observer", 0, "", "curl: (7) refused"),
            (),
            Verdict.failed(
                "asked from observer: curl: (7) refused; nobody holds the VIP", "See why at vip.one-holder."
            ),
        ),
        (
            Answer("observer", 0, "", "curl: (7) refused"),
            ("node129",),
            Verdict.failed(
                "asked from observer: curl: (7) refused", "OpenResty on node129 and its firewall: notebook 01."
            ),
        ),
        (
            replace(ANSWER, status=500),
            ("node129", "node128"),
            Verdict.failed(
                "asked from observer: 500 from node129",
                "OpenResty's error log on node129 and node128; notebook 01 writes its configuration.",
            ),
        ),
        (
            replace(ANSWER, status=404, entry=""),
            ("node129",),
            Verdict.failed(
                "asked from observer: 404 from an entry that does not name itself",
                "OpenResty's error log on node129; notebook 01 writes its configuration.",
            ),
        ),
        (
            ANSWER,
            ("node128",),
            Verdict.failed(
                "asked from observer: 200 from node129; node128 holds the VIP",
                "A stale ARP entry on observer, or a second machine with this address: ip neigh show there.",
            ),
        ),
    ],
)
def test_the_holder_answers(answer: Answer, holders: tuple[str, ...], verdict: Verdict) -> None:
    assert judge_answer(answer, holders) == verdict


@pytest.mark.parametrize(
    ("entry", "observed"),
    [
        ("node128", "asked from observer: 200 from node128, which holds the VIP; node129 can't be asked"),
        ("node129", None),
    ],
)
def test_a_node_that_is_lost_is_not_needed_where_the_other_one_answers(entry: str, observed: str | None) -> None:
    holds = "2: ens33    inet 192.168.42.130/24 scope global secondary ens33\n"
    page = f"HTTP/1.1 200 OK\r\nX-Entry: {entry}\r\n\r\n"
    site = open_fake(
        FakeHost("node129", lost),
        FakeHost("node128", lambda command: (0, holds, "")),
        FakeHost("observer", lambda command: (0, page, "")),
    )
    if observed is None:
        with pytest.raises(UnreachableError):
            vip_answers(site).observe()
    else:
        assert vip_answers(site).observe() == Verdict.passed(observed)
