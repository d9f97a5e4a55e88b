from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from checks.nodes import FakeHost, open_fake
from runbook_lib.chapter.firewall import Firewall, Zone
from runbook_lib.chapter.packet_filter import InputChain
from runbook_lib.checks.firewall import (
    SCRIPT,
    hint_for_filters,
    judge_kept,
    judge_packets,
    judge_ports,
    judge_without_firewalld,
    ports_reachable,
    vrrp_arrives,
)
from runbook_lib.checks.verdict import Status, Verdict
from runbook_lib.hosts import Running

OPEN = Zone(ports=frozenset({"80/tcp", "8848/tcp"}))
CHAIN = InputChain("nft", "inet", "filter", "input", "drop", closed=True, drops=True, firewallds=False)
LEGACY = InputChain("iptables-legacy", "ip", "filter", "INPUT", "accept", closed=True, drops=True, firewallds=False)


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
    assert judge_ports(tried, "") == Verdict.passed(observed)


def test_what_a_firewall_stops_is_named_with_its_reason() -> None:
    tried = {"80": "", "8848": "No route to host", "8849": "no answer", "8850": "Connection refused"}
    assert judge_ports(tried, "Do it.") == Verdict.failed("8848: No route to host, 8849: no answer", "Do it.")


NO_ROUTE = "bash: connect: No route to host\nbash: line 1: /dev/tcp/192.168.42.128/80: No route to host\n"
IN_THE_SEGMENT = (
    "No firewall of node129 drops them: the segment does, or what the other node lets out. "
    "No firewall of node128 drops them: the segment does, or what the other node lets out."
)
PLUG = "Put node129's cable in: runbook lab plug node129 --name chapter; a run does it, too."


@pytest.mark.parametrize(
    ("link", "hint"),
    [("<BROADCAST,UP,LOWER_UP>", IN_THE_SEGMENT), ("<NO-CARRIER,BROADCAST,UP>", PLUG)],
    ids=["cable in", "cable out"],
)
def test_each_port_is_tried_from_the_other_node(link: str, hint: str) -> None:
    def facts(link: str) -> dict[str, tuple[int, str, str]]:
        machine = f"0\nsystemd\nDebian\n900\n==\n2: ens33: {link}\n"
        return {"firewall-cmd": (3, "", ""), "nft": (0, "==\n==\n", ""), "ip -o link": (0, machine, "")}

    def no_route(command: str) -> tuple[int, str, str]:
        if found := [answer for program, answer in facts(link).items() if program in command]:
            return found[0]
        assert "/dev/tcp/'192.168.42.128/" in command
        return (0, "", "") if command.endswith("/80") else (1, "", NO_ROUTE)

    def dropped(command: str) -> tuple[int, str, str]:
        if found := [answer for program, answer in facts("<UP,LOWER_UP>").items() if program in command]:
            return found[0]
        assert "/dev/tcp/'192.168.42.129/80" in command
        return 124, "", ""

    verdict = ports_reachable(open_fake(FakeHost("node129", no_route), FakeHost("node128", dropped))).observe()
    refused = ", ".join(f"{port}: No route to host" for port in (8848, 8849, 8850))
    assert verdict == Verdict.failed(f"node129: 80: no answer; node128: {refused}", hint)


def test_a_port_that_could_not_be_tried_is_unknown() -> None:
    def no_bash(command: str) -> tuple[int, str, str]:
        return 127, "", "timeout: failed to run command 'bash': No such file or directory\n"

    verdict = ports_reachable(open_fake(FakeHost("node129", no_bash), FakeHost("node128"))).observe()
    assert verdict.status is Status.UNKNOWN
    assert verdict.observed.startswith("node129: 80 answered; node128: node129: `LC_ALL=C timeout 2 bash -c ")


@pytest.mark.parametrize(
    ("filters", "enabled", "verdict"),
    [
        ([], False, Verdict.passed("no firewalld runs, and nothing else drops")),
        (
            [CHAIN, LEGACY],
            False,
            Verdict.skipped(
                "no firewalld; what is let in after a reboot is up to what loads nft inet filter input (policy drop) "
                "and iptables-legacy filter INPUT (policy accept) then"
            ),
        ),
        (
            [],
            True,
            Verdict.failed(
                "firewalld does not run now, and drops what it does not know after a reboot",
                "systemctl start firewalld and run the notebook again, or systemctl disable firewalld.",
            ),
        ),
    ],
)
def test_what_will_be_let_in_where_firewalld_does_not_run(
    filters: list[InputChain], enabled: bool, verdict: Verdict
) -> None:
    assert judge_without_firewalld(filters, enabled=enabled) == verdict


def test_the_hint_has_the_command_for_each_chain_in_the_way() -> None:
    commands = {chain: chain.accepting_vrrp() for chain in (CHAIN, LEGACY)}
    assert hint_for_filters("node128", commands, firewalld=False) == (
        "On node128 run `nft 'insert rule inet filter input ip protocol 112 accept' && "
        "iptables-legacy -I INPUT -p 112 -j ACCEPT`, and add it to what is loaded at boot. In the way, and not ours to "
        "change: nft inet filter input (policy drop) and iptables-legacy filter INPUT (policy accept)."
    )


def test_a_table_of_a_fault_is_undone_and_not_written_into() -> None:
    fault = replace(CHAIN, family="ip", table="runbook_fault")
    assert hint_for_filters("node128", {fault: "nft …"}, firewalld=True) == (
        "A fault or a demonstration is on at node128: runbook fault recover -f FILE"
    )


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


def test_where_no_chain_is_in_the_way_firewalld_may_have_another_zone() -> None:
    assert hint_for_filters("node128", {}, firewalld=True) == (
        "node128's default zone lets them in: is the interface in another (firewall-cmd --get-active-zones)?"
    )


@pytest.mark.parametrize(
    ("arrived", "verdict"),
    [
        (5, Verdict.passed("5 of 5 from node129")),
        (0, Verdict.failed("0 of 5 from node129", "Do it.")),
        (4, Verdict.failed("4 of 5 from node129", "Some are lost: a limit in the firewall, or a bad segment.")),
    ],
)
def test_packets_that_are_lost(arrived: int, verdict: Verdict) -> None:
    assert judge_packets("node129", arrived, "Do it.") == verdict


class Listening(Running):
    """A listener that says these lines, and ends."""

    def __init__(self, *said: str) -> None:
        self.said = said

    def lines(self) -> Iterator[str]:
        return iter(self.said)

    def stop(self) -> None:
        pass


class Node(FakeHost):
    """Lets everything out, and listens with this result."""

    said: tuple[str, ...] = ("ready", "5")

    def start(self, command: str, *values: object, limit_s: float = 0.0) -> Running:
        return Listening(*self.said)


def test_a_listener_that_ended_before_it_counted_says_nothing_of_the_firewall() -> None:
    whole, lost = Node("node129"), Node("node128")
    lost.said = ("ready",)  # and then its session was lost
    verdict = vrrp_arrives(open_fake(whole, lost)).observe()
    assert verdict == Verdict.unknown(
        "node128: the listener for VRRP ended before it had counted; node129: 5 of 5 from node128",
        "See whether the machine is on, then run the check again.",
    )


def test_a_listener_that_never_listened_says_nothing_either() -> None:
    whole, deaf = Node("node129"), Node("node128")
    deaf.said = ()
    verdict = vrrp_arrives(open_fake(whole, deaf)).observe()
    assert verdict == Verdict.unknown(
        "node128: the listener for VRRP did not start; node129: 5 of 5 from node128",
        "Has node128 a Python, and ens33?",
    )


def unfiltered(command: str) -> tuple[int, str, str]:
    """No firewalld, no chain that drops, every cable in."""
    if "firewall-cmd" in command:
        return 3, "", ""
    return 0, "==\n==\n" if "nft" in command else "0\nsystemd\nDebian\n900\n==\n2: ens33: <UP,LOWER_UP>\n", ""


def test_packets_that_were_counted_as_none_are_lost() -> None:
    whole, closed = Node("node129", unfiltered), Node("node128", unfiltered)
    closed.said = ("ready", "0")
    verdict = vrrp_arrives(open_fake(whole, closed)).observe()
    assert (verdict.status, verdict.observed) == (
        Status.FAILED,
        "node128: 0 of 5 from node129; node129: 5 of 5 from node128",
    )


class Raw:
    """A raw socket on which these packets come, and then what ends the listener."""

    def __init__(self, packets: int, then: BaseException) -> None:
        self.packets, self.then = packets, then

    def settimeout(self, seconds: float) -> None:
        pass

    def recv(self, size: int) -> bytes:
        if not self.packets:
            raise self.then
        self.packets -= 1
        return bytes([0x45, *[0] * 19, 0x21, 255])


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (Raw(5, TimeoutError()), "ready\n5\n"),
        (Raw(2, KeyboardInterrupt()), "ready\n2\n"),  # told to stop, once all were sent
    ],
)
def test_the_listener_counts_until_all_are_there_or_it_is_told_to_stop(
    raw: Raw, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    listener()(raw, 255, 5, 30.0)
    assert capsys.readouterr().out == said


@pytest.mark.parametrize(("raw", "seconds"), [(Raw(2, TimeoutError()), 30.0), (Raw(9, TimeoutError()), 0.0)])
def test_a_listener_whose_time_was_up_first_counts_nothing(
    raw: Raw, seconds: float, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        listener()(raw, 255, 5, seconds)
    assert ended.value.code == "the time was up before all was sent"
    assert capsys.readouterr().out == "ready\n"


def listener() -> Callable[..., None]:
    """`receive` of the script that runs on the node."""
    script: dict[str, Callable[..., None]] = {}
    exec(SCRIPT.read_text(encoding="utf-8").removesuffix("main()\n"), script)
    return script["receive"]
