"""One look at a node."""

from __future__ import annotations

import pytest

from runbook_lib.chapter.pair_state import NodeState, parse_node_state

ADDRESSES = """\
1: lo    inet 127.0.0.1/8 scope host lo
2: ens33    inet 192.168.42.129/24 brd 192.168.42.255 scope global ens33
"""
VIP = "2: ens33    inet 192.168.42.130/24 scope global secondary ens33\n"


@pytest.mark.parametrize(
    ("told", "state"),
    [
        (f"active\nfailed\n{ADDRESSES}{VIP}", NodeState("active", "failed", True)),
        (f"inactive\nactive\n{ADDRESSES}", NodeState("inactive", "active", False)),
        (f"\n\n{ADDRESSES}{VIP}", NodeState("", "", True)),  # without systemd
        ("active\nactive\n", NodeState("active", "active", False)),  # no address at all
    ],
)
def test_a_look_at_a_node(told: str, state: NodeState) -> None:
    assert parse_node_state(told, "192.168.42.130") == state
