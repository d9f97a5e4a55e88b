"""What the demonstrations make of what they saw; on a lab they are in notebook/test_demonstrations.py."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from runbook_lib import demonstrations
from runbook_lib.chapter.firewall import Firewall, Zone
from runbook_lib.checks.verdict import Check, Status
from runbook_lib.demonstrations import (
    alone,
    clear_text,
    control_group,
    direct_rule,
    include_order,
    not_executable,
    priorities,
    script_security,
    stale_arp,
    without_killall,
)
from runbook_lib.demonstrations.sight import CURE, DEFECT, Sight
from runbook_lib.failover import Skipped

NAMES = {name.removeprefix("show_") for name in demonstrations.__all__ if name.startswith("show_")}
SHOWN = {name: getattr(demonstrations, f"{name}_shown") for name in NAMES - {"combinations"}}
"""The four combinations are trials, and no sights: test_combinations.py."""
GOOD = Sight(DEFECT, "the chapter's rule", "0 of 5", "0 of 5")
CURED = Sight(CURE, "our rule", "5 of 5", "5 of 5")
NOT_CURED = Sight(CURE, "our rule", "5 of 5", "3 of 5")

every = pytest.mark.parametrize("shown", SHOWN.values(), ids=SHOWN)
Shown = Callable[[tuple[Sight, ...] | Skipped], Check]


def test_each_has_its_check() -> None:
    assert len(NAMES) == 12
    assert {f"{name}_shown" for name in NAMES} | {f"show_{name}" for name in NAMES} == set(demonstrations.__all__)


@every
def test_a_check_fails_when_defect_or_cure_was_not_seen(shown: Shown) -> None:
    assert shown((GOOD, CURED)).observe().observed == "the chapter's rule: 0 of 5; our rule: 5 of 5"
    for found in ((GOOD, NOT_CURED), (NOT_CURED, GOOD)):
        verdict = shown(found).observe()
        assert (verdict.status, verdict.observed) == (Status.FAILED, "our rule: 3 of 5")
        assert verdict.hint.startswith("It should have been: 5 of 5. ")
        assert len(verdict.hint) > len("It should have been: 5 of 5. ")


@every
def test_without_permission_it_is_skipped_with_the_reason(shown: Shown) -> None:
    verdict = shown(Skipped("not allowed")).observe()
    assert (verdict.status, verdict.observed) == (Status.SKIPPED, "not allowed")


def firewall(backend: str = "nftables", *protocols: str) -> Firewall:
    return Firewall((1, 3, 3), backend, Zone(protocols=frozenset(protocols)), Zone())


def test_the_firewall_is_put_back_as_it_was_found() -> None:
    assert direct_rule.render_undo(
        firewall("nftables", "vrrp"), has_filter_table=False, has_rule=False
    ).splitlines() == [
        "firewall-cmd --quiet --add-protocol=vrrp",
        "firewall-cmd --quiet --direct --remove-rule ipv4 filter INPUT 0 --protocol vrrp -j ACCEPT",
        "! nft list table ip filter >/dev/null 2>&1 || nft delete table ip filter",
    ]
    closed = direct_rule.render_undo(firewall(), has_filter_table=True, has_rule=True)
    assert closed.startswith("firewall-cmd --quiet --remove-protocol=vrrp\n")
    assert closed.endswith("--direct --add-rule ipv4 filter INPUT 0 --protocol vrrp -j ACCEPT")


@pytest.mark.parametrize(("backend", "expected"), [("nftables", 0), ("iptables", 5)])
def test_what_a_direct_rule_lets_through(backend: str, expected: int) -> None:
    assert direct_rule.expected_of_direct_rule(backend) == expected


REFUSED = """\
(/tmp/x/conf: Line 21) number '0' outside range [1, 255]
(/tmp/x/conf: Line 21) (VI_1) Priority not valid! must be between 1 & 255. Using default 100
"""


def test_what_keepalived_says_of_a_priority() -> None:
    words = "(VI_1) Priority not valid! must be between 1 & 255. Using default 100"
    assert priorities.parse_tested(REFUSED) == ("refused", words)
    assert priorities.parse_tested("") == ("taken", "")


def test_what_the_compiler_says() -> None:
    clash = "In file included …\n/usr/include/net/if.h:44:5: error: redeclaration of enumerator ‘IFF_UP’\n"
    assert include_order.parse_compiled(1, clash) == "error: redeclaration of enumerator"
    assert include_order.parse_compiled(1, "gcc: not found") == "gcc: not found"
    assert include_order.parse_compiled(0, "") == "it compiles"


LOG = "Tue Nov 24 18:56:39 2026: SECURITY VIOLATION - scripts are being executed but script_security not enabled.\n"
DISABLED = "Tue Nov 24 18:56:39 2026: WARNING - script '/tmp/x/s.sh' is not executable for uid:gid 0:0 - disabling.\n"


def test_who_runs_the_script_of_a_keepalived_alone() -> None:
    violated, dropped = alone.parse_alone("root\n" + LOG), alone.parse_alone("nobody\n")
    assert (
        violated.said("SECURITY") == "SECURITY VIOLATION - scripts are being executed but script_security not enabled."
    )
    assert script_security.seen_of(violated) == "root runs it, SECURITY VIOLATION"
    assert script_security.seen_of(alone.parse_alone("root\n")) == "root runs it"
    assert (script_security.seen_of(dropped), dropped.said("SECURITY")) == ("nobody runs it", "")


def test_a_script_that_is_not_executable_is_disabled_in_words() -> None:
    assert not_executable.seen_of(alone.parse_alone("nobody\n" + DISABLED)) == "nobody runs it, keepalived disables it"
    assert not_executable.seen_of(alone.parse_alone("nobody\n")) == "nobody runs it"
    assert not_executable.seen_of(alone.parse_alone("root\n")) == "root runs it"


V2 = '    10.0.0.1 > 224.0.0.18: VRRPv2, Advertisement, vrid 51, prio 100, authtype simple, addrs: 10.0.0.3 auth "1111"'
V3 = "    10.0.0.1 > 224.0.0.18: VRRPv3, Advertisement, vrid 51, prio 100, intvl 100cs, length 12, addrs: 10.0.0.3"


def test_the_password_in_an_advertisement() -> None:
    assert clear_text.parse_heard("18:58:27 IP (tos 0xc0)\n" + V2) == ("password 1111", V2.strip())
    assert clear_text.parse_heard(V2.replace('"1111"', '"ab^@^@^@^@^@^@"'))[0] == "password ab"
    assert clear_text.parse_heard(V3)[0] == "no password"
    assert clear_text.parse_heard("") == ("no advertisement was heard", "")


def test_a_unit_that_finds_its_port_in_use() -> None:
    emerg = "nginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)"
    assert control_group.parse_start(emerg + "\n") == ("Address already in use", emerg)
    assert control_group.parse_start("it starts\n") == ("it starts", "")
    assert control_group.parse_start("") == ("it says nothing", "")


@pytest.mark.parametrize(("status", "seen"), [(127, "not found, so keepalived goes on"), (1, "exit status 1")])
def test_what_became_of_a_command_without_killall(status: int, seen: str) -> None:
    assert without_killall.seen_of(status) == seen


@pytest.mark.parametrize(
    ("shown", "node"),
    [
        ("192.168.42.130 lladdr 02:00:00:00:01:29 STALE\n", "node129"),
        ("192.168.42.130 lladdr 02:00:00:00:00:01 REACHABLE\n", ""),
        ("192.168.42.130  FAILED\n", ""),
        ("", ""),
    ],
)
def test_whom_an_arp_entry_means(shown: str, node: str) -> None:
    assert stale_arp.parse_neighbour(shown, {"02:00:00:00:01:29": "node129"}) == node
