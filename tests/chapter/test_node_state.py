"""One look at a node."""

from __future__ import annotations

from runbook_lib.chapter.node_state import NodeState, parse_node_state

ANSWER = """\
active
active
2: ens33    inet 192.168.42.129/24 brd 192.168.42.255 scope global ens33\\       valid_lft forever preferred_lft forever
2: ens33    inet 192.168.42.130/24 scope global secondary ens33\\       valid_lft forever preferred_lft forever
Starting Keepalived v2.1.5 (unknown)
(VI_1) Entering BACKUP STATE (init)
(VI_1) Entering BACKUP STATE
(VI_1) Starting Keepalived v2.1.5 (unknown)
(VI_1) Entering BACKUP STATE (init)
(VI_1) Entering BACKUP STATE
(VI_1) Entering MASTER STATE
"""
MASTER = NodeState("node129", "active", "active", True, "MASTER")


def test_a_node_says_what_runs_and_whether_it_holds_the_vip() -> None:
    assert parse_node_state("node129", ANSWER, "192.168.42.130") == MASTER


def test_what_a_stopped_keepalived_was_last_is_no_state() -> None:
    stopped = parse_node_state("node129", ANSWER.replace("active\nactive", "active\ninactive"), "192.168.42.130")
    assert str(stopped) == "node129: OpenResty active, keepalived inactive, no VRRP state, holds the VIP"


def test_another_address_that_begins_like_the_vip_is_not_the_vip() -> None:
    assert not parse_node_state("node129", ANSWER, "192.168.42.13").holds_vip


def test_what_an_earlier_keepalived_logged_is_no_state_of_this_one() -> None:
    restarted = f"{ANSWER}Starting Keepalived v2.1.5 (unknown)\n"
    assert parse_node_state("node129", restarted, "192.168.42.130") == NodeState(
        "node129", "active", "active", True, ""
    )


def test_a_node_that_has_just_started_has_no_vrrp_state() -> None:
    assert parse_node_state("node128", "activating\ninactive\n", "192.168.42.130") == NodeState(
        "node128", "activating", "inactive", False, ""
    )


def test_a_node_that_says_nothing_is_not_well() -> None:
    assert parse_node_state("node128", "", "192.168.42.130") == NodeState("node128", "unknown", "unknown", False, "")


def test_a_node_whose_systemd_can_not_be_asked_still_has_addresses() -> None:
    mute = ANSWER.replace("active\nactive\n", "\n\n")
    assert parse_node_state("node129", mute, "192.168.42.130") == NodeState("node129", "unknown", "unknown", True, "")
