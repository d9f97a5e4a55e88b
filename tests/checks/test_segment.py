from __future__ import annotations

import pytest

from checks.nodes import FakeHost, open_fake
from runbook_lib.checks.segment import (
    Advertiser,
    Heard,
    judge_advertisers,
    judge_keepalived,
    judge_vip,
    parse_scan,
    scan,
)
from runbook_lib.checks.verdict import Verdict

OWN = frozenset({"192.168.42.128", "192.168.42.129"})
MASTER = Advertiser("192.168.42.129", 51, 100)
STRANGER = Advertiser("192.168.42.7", 51, 200)


def test_what_was_heard() -> None:
    assert parse_scan("arp 0200c0a82a81\nvrrp 192.168.42.129 51 100\n") == Heard(
        frozenset({"0200c0a82a81"}), frozenset({MASTER})
    )
    assert parse_scan("") == Heard(frozenset(), frozenset())


@pytest.mark.parametrize("found", [frozenset[str](), frozenset({"0200c0a82a81"})])
def test_a_vip_that_nobody_else_has(found: frozenset[str]) -> None:
    assert judge_vip(found, frozenset({"0200c0a82a81"})) == Verdict.passed("nobody else answers for it")


@pytest.mark.parametrize(
    ("vrrp", "listened"),
    [({}, "3.00"), ({"version": 3, "advert_int": 0.02}, "3.00"), ({"advert_int": 100.0}, "100.50")],
)
def test_a_stranger_has_time_to_be_heard(vrrp: dict[str, object], listened: str) -> None:
    def answer(command: str) -> tuple[int, str, str]:
        assert command.endswith(f" {listened}")
        return 0, "vrrp 192.168.42.7 51 200", ""

    assert scan(open_fake(FakeHost("node128", answer), vrrp=vrrp)).advertisers == {STRANGER}


def test_a_vip_that_another_machine_has() -> None:
    verdict = judge_vip(frozenset({"0200c0a82a81", "0200c0a82a07"}), frozenset({"0200c0a82a81"}))
    hint = "Take another VIP, or the address from that machine."
    assert verdict == Verdict.failed("02:00:c0:a8:2a:07 answers for it", hint)


@pytest.mark.parametrize(
    ("heard", "verdict"),
    [
        (frozenset[Advertiser](), Verdict.passed("nobody else used it in 3 s")),
        (frozenset({MASTER}), Verdict.passed("nobody else used it in 3 s")),
        (
            frozenset({MASTER, Advertiser("192.168.42.7", 52, 1)}),
            Verdict.passed("nobody else used it in 3 s; in use by others: [52]"),
        ),
        (
            frozenset({MASTER, STRANGER}),
            Verdict.failed(
                "192.168.42.7 (priority 200) advertises with it", "Take another one: vrrp.router_id, 1-255."
            ),
        ),
    ],
)
def test_who_advertises(heard: frozenset[Advertiser], verdict: Verdict) -> None:
    assert judge_advertisers(heard, OWN, 51, 3.0) == verdict


@pytest.mark.parametrize(
    ("running", "unit", "verdict"),
    [
        ((), None, Verdict.passed("none runs")),
        (("7",), "# Written by runbook\n", Verdict.passed("ours runs")),
        (
            ("7", "8"),
            None,
            Verdict.failed(
                "another keepalived runs (PID 7, 8)",
                "See its /etc/keepalived/keepalived.conf; stop and disable it, then run again.",
            ),
        ),
    ],
)
def test_whose_keepalived_runs(running: tuple[str, ...], unit: str | None, verdict: Verdict) -> None:
    assert judge_keepalived(running, unit) == verdict
