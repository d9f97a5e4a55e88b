from __future__ import annotations

from runbook_lib.chapter.undo_folder import Recorded
from runbook_lib.failover.faults.traces import parse_on_node, traces_of
from runbook_lib.site import parse_site

LAB = traces_of("node128", parse_site({}))


def seen(said: str) -> list[str]:
    return [fault.name for fault in parse_on_node(said, LAB).unrecorded]


def test_one_effect_of_two_faults_is_named_once() -> None:
    assert seen("trace block-vrrp-one-side\ntrace block-vrrp-both\n") == ["block-vrrp-one-side"]


def test_a_record_explains_the_effect_that_it_shares() -> None:
    said = "record block-vrrp-both-1a2b3c4d\ntrace block-vrrp-one-side\ntrace block-vrrp-both\ntrace stop-nacos\n"
    assert seen(said) == ["stop-nacos"]
    assert parse_on_node(said, LAB).on == (
        "block-vrrp-both-1a2b3c4d",
        "stop-nacos, of which only the effect is left",
    )


def test_what_was_not_asked_for_is_no_effect() -> None:
    assert seen("trace x\ntrace stop-keepalived\ntrace \nstop-nacos\n") == []


def test_what_is_no_undo_of_ours_is_told_apart() -> None:
    assert parse_on_node("other x y\nrecord z-1\n", LAB).recorded == Recorded(records=("z-1",), others=("x y",))


def test_a_stopped_keepalived_leaves_no_trace_and_only_the_labs_nacos_is_looked_at() -> None:
    every = {
        "openresty-cannot-start", "freeze-openresty", "kill-keepalived", "freeze-keepalived",
        "block-vrrp-one-side", "block-vrrp-both", "vrrp-loss",
    }  # fmt: skip
    assert set(LAB) == {*every, "stop-nacos"}
    assert set(traces_of("node129", parse_site({}))) == every
    assert set(traces_of("node128", parse_site({"substrate": "ssh"}))) == every
