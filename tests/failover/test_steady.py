from __future__ import annotations

from pathlib import Path

import pytest
from fakes import open_fake_site

from runbook_lib.checks.verdict import Status
from runbook_lib.failover.trials.steady import NodeState, PairState, judge_steady, parse_node_state
from runbook_lib.failover.trials.waiting import settles_within_s, steady_within_s
from runbook_lib.site import Site, parse_site

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
BACKUP = NodeState("node128", "active", "active", False, "BACKUP")


@pytest.mark.parametrize("advert_s", [1, 6, 60])
def test_a_pair_is_given_the_time_that_its_configuration_needs(advert_s: int, tmp_path: Path) -> None:
    site = open_fake_site(tmp_path, vrrp={"advert_int": advert_s})[0]
    assert settles_within_s(site) > 3 * advert_s + 1
    assert steady_within_s(site) > settles_within_s(site)


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


def test_the_pair_in_steady_state() -> None:
    verdict = judge_steady(Site(), PairState(MASTER, BACKUP, "node129"))
    assert verdict.status is Status.PASSED
    assert verdict.observed == (
        "node129: OpenResty active, keepalived active, MASTER, holds the VIP; "
        "node128: OpenResty active, keepalived active, BACKUP, no VIP; the VIP answers from node129"
    )


@pytest.mark.parametrize(
    ("master", "backup", "entry", "hint"),
    [
        (
            NodeState("node129", "activating", "active", False, "FAULT"), BACKUP, "",
            "OpenResty on node129: systemctl status openresty.service",
        ),
        (
            MASTER, NodeState("node128", "active", "inactive", False, ""), "node129",
            "keepalived on node128: notebook 07 starts it",
        ),
        (
            MASTER, NodeState("node128", "active", "active", False, "FAULT"), "node129",
            "node128 is in FAULT: its cable is out, or its check script fails (run it there by hand)",
        ),
        (
            MASTER, NodeState("node128", "active", "active", True, "MASTER"), "node129",
            "both hold the VIP: the firewall drops VRRP (notebook 04)",
        ),
        (
            NodeState("node129", "active", "active", False, "BACKUP"), BACKUP, "",
            "nobody holds the VIP yet: both wait 3A + skew after a start",
        ),
        (
            NodeState("node129", "active", "active", False, "BACKUP"),
            NodeState("node128", "active", "active", True, "MASTER"), "node128",
            "node129 has not taken the VIP back yet: it waits 3A + skew",
        ),
        (
            MASTER, NodeState("node128", "active", "active", False, ""), "node129",
            "node128 is not BACKUP yet: it can't take over",
        ),
        (MASTER, BACKUP, "", "the VIP doesn't answer from its holder, node129: notebook 08 looks closer"),
    ],
)  # fmt: skip
def test_the_hint_fits_what_was_observed(master: NodeState, backup: NodeState, entry: str, hint: str) -> None:
    verdict = judge_steady(Site(), PairState(master, backup, entry))
    assert verdict.status is Status.FAILED
    assert verdict.hint == hint


def test_with_nopreempt_the_backup_may_keep_the_vip() -> None:
    site = parse_site({"vrrp": {"preempt": False}})
    master = NodeState("node129", "active", "active", False, "BACKUP")
    backup = NodeState("node128", "active", "active", True, "MASTER")
    assert judge_steady(site, PairState(master, backup, "node128")).status is Status.PASSED
