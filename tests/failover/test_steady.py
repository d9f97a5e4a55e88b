from __future__ import annotations

from pathlib import Path

import pytest
from fakes import open_fake_site

from runbook_lib.chapter.node_state import NodeState
from runbook_lib.checks.verdict import Status
from runbook_lib.failover.trials.steady import PairState, judge_steady
from runbook_lib.failover.trials.waiting import settles_within_s, steady_within_s
from runbook_lib.site import Site, parse_site

MASTER = NodeState("node129", "active", "active", True, "MASTER")
BACKUP = NodeState("node128", "active", "active", False, "BACKUP")


@pytest.mark.parametrize("advert_s", [1, 6, 60])
def test_a_pair_is_given_the_time_that_its_configuration_needs(advert_s: int, tmp_path: Path) -> None:
    site = open_fake_site(tmp_path, vrrp={"advert_int": advert_s})[0]
    assert settles_within_s(site) > 3 * advert_s + 1
    assert steady_within_s(site) > settles_within_s(site)


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
