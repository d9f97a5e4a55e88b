from __future__ import annotations

import pytest

from runbook_lib.chapter.client import SENTENCE, Instance
from runbook_lib.checks.client import client_answers, client_registered, judge_answer, judge_instances
from runbook_lib.checks.verdict import Verdict

from .nodes import FakeHost, open_fake

JOURNAL = "journalctl -u nacos-consumer-sample.service -n 50"
STARTS = f"Notebook 08 runs it; it starts within 10 s once Nacos answers through the VIP: {JOURNAL}"
REGISTERS = f"Notebook 08 runs it; it registers when it has started, through the VIP: {JOURNAL}"
HERE = Instance("nacos-consumer-sample", "192.168.42.132", 8080, healthy=True)


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ("x", Verdict.passed("'x'")),
        (
            None,
            Verdict.failed("no answer", STARTS),
        ),
        (
            "old",
            Verdict.failed(
                "'old'", "It hears of a change by its long poll: at once, or 45 s after the VIP's holder was lost."
            ),
        ),
    ],
)
def test_what_the_application_answers(answer: str | None, verdict: Verdict) -> None:
    assert judge_answer(answer, "x") == verdict


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        ((HERE,), Verdict.passed("192.168.42.132:8080 healthy")),
        (
            (),
            Verdict.failed("no instance", REGISTERS),
        ),
        (
            (Instance("nacos-consumer-sample", "192.168.42.132", 8080, healthy=False),),
            Verdict.failed(
                "192.168.42.132:8080 not healthy",
                REGISTERS,
            ),
        ),
    ],
)
def test_what_nacos_lists(found: tuple[Instance, ...], verdict: Verdict) -> None:
    assert judge_instances(found, "192.168.42.132") == verdict


def test_an_instance_elsewhere_is_not_the_clients() -> None:
    assert judge_instances((HERE,), "192.168.42.99").observed == "192.168.42.132:8080 healthy"
    assert judge_instances((HERE,), "192.168.42.99") != Verdict.passed("192.168.42.132:8080 healthy")


def test_the_chapters_sentence_is_expected() -> None:
    client = FakeHost("client", lambda command: (0, SENTENCE, ""))
    assert client_answers(open_fake(client)).observe() == Verdict.passed(repr(SENTENCE))


def test_a_site_without_a_client_is_skipped() -> None:
    site = open_fake(client_machine=None)
    skipped = Verdict.skipped("the site has no client machine")
    assert [check(site).observe() for check in (client_answers, client_registered)] == [skipped, skipped]
