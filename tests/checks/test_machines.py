from __future__ import annotations

from dataclasses import replace

import pytest

from checks.nodes import FakeHost, lost, open_fake
from runbook_lib.chapter.machines import Facts
from runbook_lib.checks.machines import judge_clocks, judge_machine, machines_ready
from runbook_lib.checks.verdict import Verdict
from runbook_lib.hosts import ClockOffset
from runbook_lib.site import Machine, parse_site

SAID = """\
0
systemd
Debian GNU/Linux 12 (bookworm)
20480
1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever
2: ens33    inet 192.168.42.128/24 brd 192.168.42.255 scope global ens33\\       valid_lft forever
==
2: ens33@if9: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP mode DEFAULT
3: ens34@if11: <NO-CARRIER,BROADCAST,MULTICAST,UP> mtu 1500 qdisc noqueue state DOWN mode DEFAULT
"""
FACTS = Facts(
    0,
    "systemd",
    "Debian GNU/Linux 12 (bookworm)",
    20480,
    (("lo", "127.0.0.1/8"), ("ens33", "192.168.42.128/24")),
    without_carrier=("ens34",),
)


SITE = parse_site({"lab": {"name": "mine"}})
NODE = SITE.nodes.backup
CLIENT = Machine(name="client", address="192.168.42.132")


@pytest.mark.parametrize("machine", [NODE, CLIENT.model_copy(update={"address": NODE.address})])
def test_a_machine_that_is_ready(machine: Machine) -> None:
    observed = "Debian GNU/Linux 12 (bookworm), 20480 MiB of disk free, 192.168.42.128 on ens33"
    assert judge_machine(FACTS, SITE, machine) == Verdict.passed(observed)


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (replace(FACTS, user_id=1000), Verdict.failed("user id 1000", "Set ssh.user: root, or ssh.sudo: true.")),
        (
            replace(FACTS, init="init"),
            Verdict.failed("its init is init", "The runbook needs systemd (CentOS 7 has it)."),
        ),
        (
            replace(FACTS, free_mib=299),
            Verdict.failed("299 MiB of disk free", "The build needs 300 MiB on the disk of /var/lib."),
        ),
        (
            replace(FACTS, addresses=(("ens33", "192.168.42.12/24"),)),
            Verdict.failed("192.168.42.128 is not its address", "Is another machine at this SSH address?"),
        ),
        (
            replace(FACTS, addresses=(("eth0", "192.168.42.128/24"),)),
            Verdict.failed("192.168.42.128 is on eth0, not on ens33", "Correct `interface` in the parameters."),
        ),
        (
            replace(FACTS, without_carrier=("ens33",)),
            Verdict.failed(
                "the cable of ens33 is out",
                "Put node128's cable in: runbook lab plug node128 --name mine; a run does it, too.",
            ),
        ),
    ],
)
def test_what_a_machine_lacks(found: Facts, verdict: Verdict) -> None:
    assert judge_machine(found, SITE, NODE) == verdict


def test_just_enough_room() -> None:
    assert judge_machine(replace(FACTS, free_mib=300), SITE, NODE).status == "PASSED"


def test_only_a_node_needs_room_and_its_address_on_the_interface_of_the_parameters() -> None:
    elsewhere = replace(FACTS, free_mib=5, addresses=(("eth0", "192.168.42.132/24"),))
    assert judge_machine(elsewhere, SITE, CLIENT).status == "PASSED"


def test_a_machine_that_cannot_be_reached_is_not_ready() -> None:
    def says(address: str, interface: str = "ens33") -> FakeHost:
        said = SAID.replace("192.168.42.128", address).replace("ens33", interface)
        names = {"129": "node129", "131": "observer", "132": "client"}
        return FakeHost(names[address[-3:]], lambda command: (0, said, ""))

    there = (says("192.168.42.129"), says("192.168.42.131", "eth7"), says("192.168.42.132", "eth7"))
    verdict = machines_ready(open_fake(*there, FakeHost("node128", lost))).observe()
    assert (verdict.status, verdict.hint) == ("FAILED", "Is it on?")
    assert "node128: (192.168.42.128:22) can't be reached over SSH: timed out; observer: Debian" in verdict.observed


@pytest.mark.parametrize(
    ("apart", "verdict"),
    [
        (ClockOffset(-0.25, 0.01), Verdict.passed("0.25 s apart, give or take 0.01 s")),
        (ClockOffset(1.4, 0.5), Verdict.passed("1.40 s apart, give or take 0.50 s")),
        (ClockOffset(-2.5, 0.5), Verdict.warned("2.5 s apart", "Run chrony or another NTP client on both.")),
    ],
)
def test_clocks(apart: ClockOffset, verdict: Verdict) -> None:
    assert judge_clocks(apart) == verdict
