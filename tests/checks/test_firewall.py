from __future__ import annotations

import pytest

from checks.nodes import FakeHost, open_fake
from runbook_lib.chapter.firewall import Firewall, Zone
from runbook_lib.checks.firewall import judge_kept, judge_packets, judge_ports, ports_reachable
from runbook_lib.checks.verdict import Verdict

OPEN = Zone(ports=frozenset({"80/tcp", "8848/tcp"}))
IN_THE_WAY = "The firewall is in the way: notebook 01 opens the ports."


@pytest.mark.parametrize(
    ("tried", "observed"),
    [
        ({"80": ""}, "80 answered"),
        ({"80": "", "8848": ""}, "80, 8848 answered"),
        ({"80": "", "8848": "Connection refused"}, "80 answered; 8848 let in, where nothing listens yet"),
        (
            {"80": "Connection refused", "8848": "Connection refused"},
            "none answered; 80, 8848 let in, where nothing listens yet",
        ),
    ],
)
def test_a_refusal_comes_from_behind_the_firewall(tried: dict[str, str], observed: str) -> None:
    assert judge_ports(tried) == Verdict.passed(observed)


def test_what_a_firewall_stops_is_named_with_its_reason() -> None:
    tried = {"80": "", "8848": "No route to host", "8849": "no answer", "8850": "Connection refused"}
    assert judge_ports(tried) == Verdict.failed("8848: No route to host, 8849: no answer", IN_THE_WAY)


def test_each_port_is_tried_from_the_other_node() -> None:
    def no_route(command: str) -> tuple[int, str, str]:
        assert "/dev/tcp/'192.168.42.128/" in command
        said = "bash: connect: No route to host\nbash: line 1: /dev/tcp/192.168.42.128/80: No route to host\n"
        return (0, "", "") if command.endswith("/80") else (1, "", said)

    def dropped(command: str) -> tuple[int, str, str]:
        assert "/dev/tcp/'192.168.42.129/80" in command
        return 124, "", ""

    verdict = ports_reachable(open_fake(FakeHost("node129", no_route), FakeHost("node128", dropped))).observe()
    refused = ", ".join(f"{port}: No route to host" for port in (8848, 8849, 8850))
    assert verdict == Verdict.failed(f"node129: 80: no answer; node128: {refused}", IN_THE_WAY)


def test_where_no_firewall_runs_everything_is_let_in() -> None:
    assert judge_kept(None, ("port=80/tcp",), "01") == Verdict.passed("no firewalld runs")


def test_what_is_let_in_now_and_after_a_reboot() -> None:
    found = Firewall((1, 3), "nftables", OPEN, OPEN)
    assert judge_kept(found, ("port=80/tcp", "port=8848/tcp"), "01") == Verdict.passed("port=80/tcp, port=8848/tcp")


@pytest.mark.parametrize(("runtime", "permanent"), [(OPEN, Zone()), (Zone(), OPEN), (Zone(), Zone())])
def test_what_is_let_in_only_now_or_only_later_is_not_kept(runtime: Zone, permanent: Zone) -> None:
    verdict = judge_kept(Firewall((1, 3), "nftables", runtime, permanent), ("port=80/tcp", "port=8848/tcp"), "04")
    assert verdict == Verdict.failed(
        "port=80/tcp, port=8848/tcp not let in both now and after a reboot",
        "Notebook 04 lets it in, at once and permanently.",
    )


@pytest.mark.parametrize(
    ("arrived", "backend", "verdict"),
    [
        (5, "nftables", Verdict.passed("5 of 5 from node129")),
        (5, "", Verdict.passed("5 of 5 from node129")),
        (
            0,
            "",
            Verdict.failed(
                "0 of 5 from node129", "No firewalld drops them here: another firewall, or the segment, does."
            ),
        ),
        (
            0,
            "nftables",
            Verdict.failed(
                "0 of 5 from node129", "The firewall (nftables) drops them, and both would hold the VIP: notebook 04."
            ),
        ),
        (
            4,
            "nftables",
            Verdict.failed("4 of 5 from node129", "Some are lost: a limit in the firewall, or a bad segment."),
        ),
    ],
)
def test_packets_that_are_lost(arrived: int, backend: str, verdict: Verdict) -> None:
    assert judge_packets("node129", arrived, backend) == verdict
