from __future__ import annotations

from collections.abc import Callable

import pytest

from checks.nodes import FakeHost, open_fake
from runbook_lib.chapter.nacos import Configuration, Member, Reading
from runbook_lib.checks.nacos import (
    configuration_reads_back,
    configuration_withdrawn,
    judge_members,
    judge_page,
    judge_readings,
)
from runbook_lib.checks.verdict import Check, Verdict
from runbook_lib.hosts import OpenSite

AT = tuple(f"192.168.42.128:{port}" for port in (8848, 8849, 8850))
ELECTION = "An election is on, or the members can't reach each other's Raft ports."
NOBODY = "Nobody answers at the VIP: look at vip.one-holder; where vip.answers is good, at nacos.ready."
PUBLISHED = Configuration("proof.yml", "GROUP", "team", "proof: 1a2b")

MakeCheck = Callable[[OpenSite, Configuration], Check]


def members(*leaders: str | None) -> tuple[Member, ...]:
    """One member for each leader that is named; None: it is not ready."""
    return tuple(Member(at, leader is not None, leader or "") for at, leader in zip(AT, leaders, strict=True))


def test_all_are_ready_and_name_one_leader() -> None:
    assert judge_members(members(AT[1], AT[1], AT[1]), "mine") == Verdict.passed(f"3 of 3 ready, leader {AT[1]}")


def test_a_member_that_is_not_ready_is_named() -> None:
    assert judge_members(members(AT[0], None, AT[0]), "mine") == Verdict.failed(
        f"2 of 3 ready, leader {AT[0]}; not ready: {AT[1]}",
        "Where ports.reachable fails, notebook 01 opens its port. Else they need half a minute after a boot, more "
        "on a busy machine: wait, then run again. In the lab: runbook lab exec node128 --name mine -- "
        "systemctl status 'nacos@*'.",
    )


def test_none_is_ready() -> None:
    observed = judge_members(members(None, None, None), "mine").observed
    assert observed == f"0 of 3 ready, leader unknown; not ready: {', '.join(AT)}"


def test_two_leaders_are_none() -> None:
    observed = f"3 of 3 ready, leader {AT[0]}, {AT[1]}"
    assert judge_members(members(AT[1], AT[0], AT[0]), "mine") == Verdict.failed(observed, ELECTION)


def test_a_group_without_a_leader() -> None:
    assert judge_members(members("", "", ""), "mine") == Verdict.failed("3 of 3 ready, leader unknown", ELECTION)


def test_a_member_that_knows_no_leader_does_not_agree() -> None:
    verdict = judge_members(members(AT[0], "", AT[0]), "mine")
    assert (verdict.status, verdict.hint) == ("FAILED", ELECTION)


@pytest.mark.parametrize(
    ("page", "error", "verdict"),
    [
        ("<title>Nacos</title>", "", Verdict.passed("a page of 20 bytes with <title>Nacos</title>")),
        (
            "",
            "curl: (7) tried\ncurl: (7) refused\n",
            Verdict.failed("no page: curl: (7) refused", NOBODY),
        ),
        ("", "", Verdict.failed("no page: nothing", NOBODY)),
        (
            "502 Bad Gateway",
            "",
            Verdict.failed("an entry answered, no Nacos behind it", "Look at nacos.ready."),
        ),
        (
            "504 Gateway Time-out",
            "",
            Verdict.failed("an entry answered, no Nacos behind it", "Look at nacos.ready."),
        ),
        (
            "<h1>Welcome to nginx!</h1>" + "." * 80,
            "",
            Verdict.failed(
                f"another page: '<h1>Welcome to nginx!</h1>{'.' * 54}'",
                "Is it an OpenResty of another configuration? Notebook 01.",
            ),
        ),
    ],
)  # fmt: skip
def test_only_the_consoles_page_counts(page: str, error: str, verdict: Verdict) -> None:
    assert judge_page(page, error) == verdict


@pytest.mark.parametrize(
    ("check", "answer", "observed"),
    [
        (configuration_reads_back, "proof: 1a2b\n200", "200 'proof: 1a2b' from the VIP and from 3 members"),
        (configuration_withdrawn, "config data not exist\n404", "404 '' from the VIP and from 3 members"),
    ],
)
def test_the_vip_and_all_members_say_the_same(check: MakeCheck, answer: str, observed: str) -> None:
    site = open_fake(FakeHost("observer", lambda command: (0, answer, "")))
    assert check(site, PUBLISHED).observe() == Verdict.passed(observed)


@pytest.mark.parametrize("wanted", [Reading(200, "new"), Reading(404, "")])
@pytest.mark.parametrize("wrong", [Reading(200, "old"), Reading(404, "new"), Reading(0, "")])
def test_one_that_says_something_else_is_named(wrong: Reading, wanted: Reading) -> None:
    found = {"vip": wanted, AT[0]: wrong, AT[1]: Reading(500, ""), AT[2]: wanted}
    assert judge_readings(found, wanted) == Verdict.failed(
        f"{AT[0]}, {AT[1]} gave {wrong.status} {wrong.value!r}, not {wanted.status} {wanted.value!r}",
        "A member that lags catches up within a second or two; else look at nacos.ready.",
    )
