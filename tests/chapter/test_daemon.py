from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hosts_found import configuration, daemon

from runbook_lib.chapter.daemon import Daemon, Need, plan_daemons

GROUP = "another VRRP version or VRID: nobody holds the VIP until the MASTER has waited 3A + skew"


def titles(master: Daemon, backup: Daemon, *, agreed: bool = True) -> list[str]:
    return [f"{c.host}: {c.title}" for c in plan_daemons(master, backup, agreed=agreed)]


@pytest.mark.parametrize(
    ("changed", "need"),
    [
        ({}, Need.NOTHING),
        ({"active": False}, Need.START),
        ({"read_config": None}, Need.RESTART),
        ({"files": "f2"}, Need.RESTART),
        ({"config": configuration(router_id=52)}, Need.RESTART),
        ({"config": configuration(version=3)}, Need.RESTART),
        ({"config": configuration(more=" nopreempt\n")}, Need.RELOAD),
        ({"read_script": False}, Need.RELOAD),
        ({"read_script": False, "script": False}, Need.NOTHING),
    ],
)
def test_what_a_daemon_needs(changed: dict[str, Any], need: Need) -> None:
    assert daemon("node129", **changed).need[0] is need


def test_two_that_run_with_their_files_are_left_alone() -> None:
    changes = plan_daemons(daemon("node129"), daemon("node128"), agreed=False)
    assert [(change.is_none, change.held_back) for change in changes] == [(True, False)] * 2
    assert changes[0].title == "keepalived.service runs with its files as they stand"


def test_the_master_is_started_first() -> None:
    assert titles(daemon("node129", active=False), daemon("node128", active=False)) == [
        "node129: start keepalived.service",
        "node128: start keepalived.service",
    ]


@pytest.mark.parametrize(("old", "new", "first"), [(1, 3, "node128"), (3, 1, "node129"), (1, 1, "node129")])
def test_a_longer_interval_is_read_by_the_backup_first_and_a_shorter_one_by_the_master(
    old: float, new: float, first: str
) -> None:
    changed = {"read_config": configuration(advert_int=old), "config": configuration(advert_int=new, more="x\n")}
    found = titles(daemon("node129", **changed), daemon("node128", **changed))
    assert found[0] == f"{first}: reload keepalived.service"
    assert len(found) == 2


def test_another_vrid_stops_the_backup_while_the_master_restarts() -> None:
    changed = {"config": configuration(router_id=52)}
    changes = plan_daemons(daemon("node129", **changed), daemon("node128", **changed), agreed=True)
    assert [(c.host, str(c.actions[0]), c.warning) for c in changes] == [
        ("node128", "systemctl stop keepalived.service", GROUP),
        ("node129", "systemctl restart keepalived.service", GROUP),
        ("node128", "systemctl start keepalived.service", ""),
    ]


def test_another_vrid_is_held_back_unless_agreed() -> None:
    changed = {"config": configuration(router_id=52)}
    changes = plan_daemons(daemon("node129", **changed), daemon("node128", **changed), agreed=False)
    assert [(c.is_none, c.held_back, c.warning) for c in changes] == [(True, True, GROUP)] * 2
    assert changes[0].title == (
        "keepalived.service runs with another VRRP version or VRID than its file's: not restarted, "
        "agree to it with -p disruption=faults"
    )


def test_a_new_binary_restarts_the_backup_first_and_the_holder_only_when_agreed() -> None:
    master, backup = daemon("node129", files="f2"), daemon("node128", files="f2")
    changes = plan_daemons(master, backup, agreed=True)
    assert [(c.host, c.title, c.warning) for c in changes] == [
        ("node128", "restart keepalived.service", ""),
        ("node129", "restart keepalived.service", "the VIP leaves it for a moment"),
    ]
    held_back = plan_daemons(master, backup, agreed=False)
    assert [(c.host, c.is_none, c.held_back) for c in held_back] == [
        ("node128", False, False),
        ("node129", True, True),
    ]


def test_a_daemon_alone_with_another_vrid_is_brought_in_line() -> None:
    """An earlier run was killed between the two: the MASTER has the new VRID, the BACKUP not, and both hold the VIP."""
    backup = daemon("node128", config=configuration(router_id=52), holds_vip=True)
    (first, second) = plan_daemons(daemon("node129"), backup, agreed=True)
    assert (first.host, first.title) == ("node128", "restart keepalived.service")
    assert second.is_none


def test_a_holder_that_is_reloaded_keeps_the_vip_without_agreement() -> None:
    changed = replace(daemon("node129"), config=configuration(more=" garp_master_refresh 60\n"))
    assert titles(changed, daemon("node128"), agreed=False)[0] == "node129: reload keepalived.service"


def test_a_backup_that_an_interrupted_change_left_stopped_starts_after_the_master_has_its_vrid() -> None:
    changed = configuration(router_id=52)
    stopped = daemon("node128", config=changed, read_config=None, active=False)
    changes = plan_daemons(daemon("node129", config=changed), stopped, agreed=True)
    assert [(c.host, str(c.actions[0])) for c in changes] == [
        ("node128", "systemctl stop keepalived.service"),
        ("node129", "systemctl restart keepalived.service"),
        ("node128", "systemctl start keepalived.service"),
    ]
    assert [c.held_back for c in plan_daemons(daemon("node129", config=changed), stopped, agreed=False)] == [True, True]
