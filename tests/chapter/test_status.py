"""What `ps`, keepalived's log and `ip addr` say, as rows for the reader."""

from __future__ import annotations

import pytest

from runbook_lib.chapter.status import Address, Process, parse_addresses, parse_processes, parse_vrrp_state

PS = """\
    812 openresty.service               openresty       openresty: master process /usr/local/openresty -c x.conf
    813 -                               openresty       openresty: worker process
    814 -                               openresty       <defunct>
"""
IP = """\
2: ens33    inet 192.168.42.129/24 brd 192.168.42.255 scope global ens33\\       valid_lft forever
2: ens33    inet 192.168.42.130/24 scope global secondary ens33\\       valid_lft forever
3: eth1    inet 192.168.42.13/24 scope global eth1\\       valid_lft forever
"""


def test_processes_with_the_unit_that_each_belongs_to() -> None:
    assert parse_processes("node129", PS) == (
        Process(
            "node129",
            812,
            "openresty",
            "openresty.service",
            "openresty: master process /usr/local/openresty -c x.conf",
        ),
        Process("node129", 813, "openresty", "-", "openresty: worker process"),
    )


def test_no_process_is_an_answer() -> None:
    assert parse_processes("node129", "") == ()


@pytest.mark.parametrize(
    ("log", "state"),
    [
        ("", ""),
        ("Starting Keepalived v2.1.5\nStartup complete\n", ""),
        ("(VI_1) Entering BACKUP STATE\n", "BACKUP"),
        ("(VI_1) Entering BACKUP STATE\n(VI_1) Entering MASTER STATE\n(VI_1) Sending advert\n", "MASTER"),
        ("(VI_1) Entering MASTER STATE\nStarting Keepalived v2.1.5\n", ""),
        ("Starting Keepalived v1\n(VI_1) Entering MASTER STATE\nStarting Keepalived v2\n(VI_1) Entering FAULT STATE\n",
         "FAULT"),
        ("Entering nothing STATE\n", ""),
        ("Starting Keepalived v2\n(VI_1) Entering BACKUP STATE (init)\n", "BACKUP"),
    ],
)  # fmt: skip
def test_the_state_that_was_entered_last_since_the_last_start(log: str, state: str) -> None:
    assert parse_vrrp_state(log) == state


def test_the_vip_is_told_from_the_nodes_own_addresses() -> None:
    assert parse_addresses("node129", IP, "192.168.42.130") == (
        Address("node129", "ens33", "192.168.42.129/24", ""),
        Address("node129", "ens33", "192.168.42.130/24", "the VIP"),
        Address("node129", "eth1", "192.168.42.13/24", ""),
    )


def test_a_line_without_an_address_is_no_row() -> None:
    assert parse_addresses("node129", "2: ens33    inet\n\n", "192.168.42.130") == ()
