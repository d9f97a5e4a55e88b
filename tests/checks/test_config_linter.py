from __future__ import annotations

from typing import Any

import pytest

from runbook_lib.chapter.config import render_configuration
from runbook_lib.checks.config_findings import NodeConfiguration
from runbook_lib.checks.config_linter import lint
from runbook_lib.keepalived_conf.parser import parse_configuration
from runbook_lib.site import parse_site

NODE = """
{extra}
vrrp_instance VI_1 {{
    state {state}
    interface ens33
    virtual_router_id {router_id}
    priority {priority}
    advert_int {advert_int}
    {more}
    virtual_ipaddress {{
        {vip}
    }}
}}
"""
BASE = {"extra": "", "state": "MASTER", "router_id": 51, "priority": 100, "advert_int": 1, "more": ""}
VIP = {"vip": "192.168.42.130/24"}


def found(master: dict[str, Any] | None = None, backup: dict[str, Any] | None = None) -> list[str]:
    """`LEVEL rule: text` of each finding for a MASTER and a BACKUP that differ from a right pair in these fields."""
    texts = (
        NODE.format(**{**BASE, **VIP, **(master or {})}),
        NODE.format(**{**BASE, **VIP, "state": "BACKUP", "priority": 50, **(backup or {})}),
    )
    return linted(*texts)


def linted(master: str, backup: str, restart_s: float = 1.0) -> list[str]:
    findings = lint(
        NodeConfiguration("node129", "192.168.42.129", parse_configuration(master)),
        NodeConfiguration("node128", "192.168.42.128", parse_configuration(backup)),
        restart_s,
    )
    return [f"{finding.level} {finding.rule}: {finding.text}" for finding in findings]


def rendered(**values: Any) -> list[str]:
    model = parse_site(values)
    master, backup = (render_configuration(model, node) for node in model.nodes.pair)
    return linted(master, backup, model.openresty.restart_s)


def script(weight: int = 0, fall: int = 2, name: str = "chk") -> dict[str, str]:
    return {
        "extra": (
            "global_defs {\n enable_script_security\n}\n"
            f'vrrp_script chk {{\n script "/x"\n interval 2\n fall {fall}\n weight {weight}\n}}'
        ),
        "more": f"track_script {{\n {name}\n}}",
    }


def test_a_right_pair() -> None:
    assert found() == []


@pytest.mark.parametrize(
    "values",
    [{}, {"vrrp": {"version": 3, "advert_int": 0.1}}, {"vrrp": {"preempt": False}}, {"weight": -60}, {"weight": 60}],
)
def test_what_we_render_is_right(values: dict[str, Any]) -> None:
    assert rendered(**values) == []


def test_the_chapters_weight_never_moves_the_vip() -> None:
    gap = "WARN weight-gap: weight −20 never moves the VIP: node129 falls from 100 to 80, and node128 has 50"
    assert rendered(check_script="chapter") == [gap]
    assert rendered(weight=-20) == [gap]


def test_a_weight_that_only_equals_the_gap_never_moves_the_vip() -> None:
    assert rendered(weight=-50) == [
        "WARN weight-gap: weight −50 never moves the VIP: node129 falls from 100 to 50, and node128 has 50"
    ]
    assert rendered(weight=-51) == []


def test_a_gain_is_lost_by_failing() -> None:
    assert rendered(weight=40) == [
        "WARN weight-gap: weight +40 never moves the VIP: node129 falls from 140 to 100, and node128 has 90"
    ]


def test_one_restart_of_openresty_must_not_count_as_a_failure() -> None:
    gap = "1 failed run(s) within 0 s mean FAULT, and OpenResty needs 1 s to be started again"
    assert rendered(check_script="chapter", weight=0) == [
        f"WARN restart-gap: node129: {gap}",
        f"WARN restart-gap: node128: {gap}",
    ]


@pytest.mark.parametrize(
    ("backup", "text"),
    [
        ({"router_id": 52}, "virtual_router_id is 51 on node129 and 52 on node128"),
        ({"advert_int": 2}, "advert_int is 1 on node129 and 2 on node128"),
        ({"more": "version 3"}, "version is 2 on node129 and 3 on node128"),
        (
            {"vip": "192.168.42.131/24"},
            "virtual_ipaddress is 192.168.42.130/24 on node129 and 192.168.42.131/24 on node128",
        ),
        (
            {"more": "authentication {\n auth_type PASS\n auth_pass 1111\n}"},
            "authentication is missing on node129 and PASS 1111 on node128",
        ),
    ],
)  # fmt: skip
def test_what_must_be_equal(backup: dict[str, Any], text: str) -> None:
    assert found(backup=backup) == [f"ERROR equal-on-both: {text}"]


def test_priorities_and_states() -> None:
    assert found(backup={"priority": 100, "state": "MASTER"}) == [
        "ERROR priorities: both nodes have priority 100: the higher address wins, by luck",
        "WARN states: both nodes have state MASTER: the priority decides, and nopreempt would be ignored",
    ]


@pytest.mark.parametrize(
    ("master", "texts"),
    [
        ({"more": "nopreempt"}, ["ERROR nopreempt-state: node129: nopreempt is ignored with state MASTER"]),
        ({"advert_int": 1.4}, ["WARN advert-int: node129: version 2 rounds advert_int 1.4 to whole seconds"]),
        (
            {"extra": "global_defs {\n vrrp_strict\n}"},
            ["WARN strict: node129: vrrp_strict drops what is sent to the VIP, and refuses the password"],
        ),
        (
            {"state": "BACKUP", "priority": 255},
            ["ERROR priority-255: node129: priority 255 is the address owner's, which is never a BACKUP"],
        ),
    ],
)
def test_one_node_by_itself(master: dict[str, Any], texts: list[str]) -> None:
    assert set(texts) <= set(found(master=master))


def test_nopreempt_on_the_lower_node_disables_the_weight() -> None:
    weighted = script(-60)
    lower = {**weighted, "more": f"nopreempt\n{weighted['more']}"}
    assert found(master=weighted, backup=lower) == [
        "WARN nopreempt-weight: nopreempt on node128: a weight on node129 never moves the VIP to it",
        "WARN nopreempt-side: nopreempt stands on node128 only: node129 takes the VIP back whenever it returns",
    ]


def test_scripts() -> None:
    assert found(master=script(name="other"), backup=script()) == [
        "ERROR undefined-script: node129: tracks other, which no vrrp_script defines",
        "WARN script-untracked: node129: no instance tracks vrrp_script chk: it decides nothing",
    ]
    insecure = {**script(), "extra": 'vrrp_script chk {\n script "/x"\n interval 2\n fall 2\n}'}
    assert found(master=insecure, backup=script()) == [
        "WARN script-security: node129: scripts run as root without script security"
    ]


def test_a_weight_in_a_sync_group_is_ignored() -> None:
    grouped = script(-60)
    grouped["extra"] += (
        "\nvrrp_sync_group G {\n group {\n VI_1\n VI_2\n }\n}\n"
        "vrrp_instance VI_2 {\n interface ens33\n virtual_router_id 9\n virtual_ipaddress { 10.0.0.9 }\n}"
    )
    assert found(master=grouped, backup=grouped) == [
        "ERROR priorities: both nodes have priority 100: the higher address wins, by luck",  # of VI_2
        "WARN sync-weight: node129: a weight is ignored in a sync group (G)",
        "WARN sync-weight: node128: a weight is ignored in a sync group (G)",
    ]


def test_unicast_peers() -> None:
    peer = "unicast_peer {{\n {}\n}}"
    right = {"more": peer.format("192.168.42.128")}, {"more": peer.format("192.168.42.129")}
    assert found(*right) == []
    assert found(right[0], {"more": peer.format("192.168.42.128")}) == [
        "ERROR unicast: node128's unicast_peer doesn't name node129",
        "ERROR unicast: node128's unicast_peer names node128 itself",
    ]
    assert found(right[0]) == ["ERROR unicast: one node sends by unicast, the other by multicast"]
    wrong_source = {"more": f"unicast_src_ip 10.0.0.1\n{right[0]['more']}"}
    assert "WARN unicast: node129's unicast_src_ip 10.0.0.1 is not its address" in found(wrong_source, right[1])


def test_no_instance_at_all() -> None:
    assert linted("global_defs {\n}", NODE.format(**BASE, **VIP)) == ["ERROR instance: node129: no vrrp_instance"]


@pytest.mark.parametrize(
    ("keyword", "value"), [("router_id", 300), ("advert_int", "nan"), ("priority", 0), ("state", "MAIN")]
)
def test_nothing_is_concluded_from_a_value_that_is_ignored(keyword: str, value: object) -> None:
    (only,) = found({keyword: value})
    assert only.startswith("ERROR value: node129: ")
    assert f" {value} is " in only
