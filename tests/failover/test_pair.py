from __future__ import annotations

from pathlib import Path

import pytest

from runbook_lib.chapter.config import render_configuration
from runbook_lib.failover.theory.pair import Pair, never_preempts, preempt_delay_s, watching
from runbook_lib.failover.theory.predictions import THEORIES, predict_outage
from runbook_lib.notebook.lint import read_pair
from runbook_lib.site import parse_site

INSTANCE = (
    "vrrp_instance {name} {{\n state {state}\n interface eth0\n virtual_router_id 5\n priority {priority}\n {more}\n"
    " virtual_ipaddress {{\n 10.0.0.9/24\n }}\n}}\n"
)


def pairs(folder: Path, first: str, second: str, keepalived: str = "") -> tuple[Pair, ...]:
    for name, text in (("a.conf", first), ("b.conf", second)):
        (folder / name).write_text(text)
    return Pair.of_files(*read_pair(str(folder / "a.conf"), str(folder / "b.conf")), keepalived)


def one(folder: Path, more_a: str = "", more_b: str = "", extra: str = "", keepalived: str = "") -> Pair:
    a = extra + INSTANCE.format(name="V", state="BACKUP", priority=100, more=more_a)
    b = extra + INSTANCE.format(name="V", state="BACKUP", priority=90, more=more_b)
    (pair,) = pairs(folder, a, b, keepalived)
    return pair


def test_our_pair_is_what_its_files_say(tmp_path: Path) -> None:
    model = parse_site({})
    texts = [render_configuration(model, node) for node in model.nodes.pair]
    (by_files,) = pairs(tmp_path, *texts)
    by_site = Pair.of(model)
    assert by_files.holder.instance == by_site.holder.instance
    for fault in ("stop-keepalived", "power-off-master", "unplug-master", "shutdown-master"):
        assert predict_outage(by_files, fault) == predict_outage(by_site, fault)


def test_the_higher_effective_priority_holds_the_vip(tmp_path: Path) -> None:
    low = INSTANCE.format(name="V", state="MASTER", priority=90, more="")
    high = INSTANCE.format(name="V", state="BACKUP", priority=100, more="")
    assert [pair.holder.name for pair in pairs(tmp_path, low, high)] == ["b.conf"]
    raised = low.replace("interface", "track_file {\n f weight 20\n }\n interface")
    assert [pair.holder.name for pair in pairs(tmp_path, raised, high)] == ["a.conf"]


def test_each_instance_has_its_pair(tmp_path: Path) -> None:
    both = "".join(INSTANCE.format(name=n, state="BACKUP", priority=9, more="") for n in ("V", "W"))
    assert [pair.holder.instance.name for pair in pairs(tmp_path, both, both)] == ["V", "W"]
    assert pairs(tmp_path, both, "global_defs {\n}\n") == ()


def test_down_timer_adverts_counts_from_2_2_on(tmp_path: Path) -> None:
    said = "down_timer_adverts 5"
    assert one(tmp_path, said, said, keepalived="2.2.7").adverts == 5
    assert one(tmp_path, said, said, keepalived="2.1.5").adverts == 3
    assert one(tmp_path, said, "", keepalived="2.2.7").adverts == 3  # it is the standby's that counts
    assert round(one(tmp_path, "", said).master_down_s, 3) == 5.648
    assert "waits 5.609 s" in predict_outage(one(tmp_path, said, ""), "return-of-master").because
    band = predict_outage(one(tmp_path, said, said), "power-off-master")
    assert (round(band.low_s, 3), round(band.high_s, 3)) == (4.648, 5.648)
    assert band.because == "5A + skew less up to A, with A = 1 s and skew = 0.648 s"


def test_version_3_counts_with_the_masters_interval(tmp_path: Path) -> None:
    pair = one(tmp_path, "version 3\n advert_int 0.5", "version 3\n advert_int 2")
    assert (pair.advert_s, round(pair.skew_s, 3)) == (0.5, 0.324)


def test_a_script_that_nobody_knows_may_take_its_timeout(tmp_path: Path) -> None:
    script = 'vrrp_script s {\n script "/openresty"\n interval 3\n timeout 2\n fall 2\n}\n'
    pair = one(tmp_path, "track_script {\n s\n }", extra=script)
    band = predict_outage(pair, "openresty-cannot-start")
    assert (round(band.low_s, 3), round(band.high_s, 3)) == (3.648, 8.648)
    frozen = predict_outage(pair, "freeze-openresty")
    assert (round(frozen.low_s, 3), frozen.bounded) == (3.648, False)


def test_a_script_whose_name_says_nothing_of_the_service_may_look_at_something_else(tmp_path: Path) -> None:
    script = 'vrrp_script s {\n script "/disk"\n interval 2\n}\n'
    pair = one(tmp_path, "track_script {\n s\n }", extra=script)
    band = predict_outage(pair, "openresty-cannot-start")
    assert (round(band.low_s, 3), band.bounded) == (0.648, False)
    assert band.parts[-1].words.startswith("for good where the script looks at something else")
    assert "unless the check script asks Nacos" in predict_outage(pair, "stop-nacos").because


def test_without_a_script_nothing_looks_at_the_service(tmp_path: Path) -> None:
    pair = one(tmp_path)
    for fault in ("openresty-cannot-start", "freeze-openresty"):
        band = predict_outage(pair, fault)
        assert band.never
        assert band.because == "a.conf tracks no script: keepalived doesn't look at the service"
    stopped = predict_outage(pair, "stop-openresty")  # its unit may start it at once, or never
    assert (stopped.low_s, stopped.bounded) == (0.0, False)


def test_of_several_scripts_the_one_that_sounds_like_the_service_counts(tmp_path: Path) -> None:
    extra = 'vrrp_script gw {\n script "ping 10.0.0.254"\n}\nvrrp_script w {\n script "pgrep nginx"\n}\n'
    watched = watching(one(tmp_path, "track_script {\n gw\n undefined\n w\n }", extra=extra).holder)
    assert watched is not None
    assert watched[1].name == "w"


def test_a_weight_in_a_sync_group_moves_nothing(tmp_path: Path) -> None:
    extra = 'vrrp_script s {\n script "/x"\n weight -60\n}\nvrrp_sync_group G {\n group {\n V\n }\n}\n'
    track = "track_script {\n s\n }"
    band = predict_outage(one(tmp_path, track, extra=extra), "openresty-cannot-start")
    assert band.never
    assert band.because == "a script with a weight is ignored in a sync group (G)"
    counts = extra.replace("group {", "sync_group_tracking_weight\n group {")
    assert not predict_outage(one(tmp_path, track, extra=counts), "openresty-cannot-start").never


def test_preempt_delay_holds_a_weight_and_a_return_back(tmp_path: Path) -> None:
    extra = 'vrrp_script s {\n script "/openresty"\n timeout 1\n weight -60\n}\n'
    pair = one(tmp_path, "track_script {\n s\n }\n preempt_delay 30", "preempt_delay 10", extra)
    band = predict_outage(pair, "openresty-cannot-start")
    assert (round(band.low_s, 3), round(band.high_s, 3)) == (12.648, 16.648)
    assert "a.conf waits 33.609 s after its start, then" in predict_outage(pair, "return-of-master").because


@pytest.mark.parametrize(
    ("state", "priority", "counts"), [("BACKUP", 100, True), ("MASTER", 100, False), ("BACKUP", 255, False)]
)
def test_nopreempt_counts_with_state_backup_only_and_not_for_an_owner(
    tmp_path: Path, state: str, priority: int, counts: bool
) -> None:
    text = INSTANCE.format(name="V", state=state, priority=priority, more="nopreempt\n preempt_delay 7")
    (pair,) = pairs(tmp_path, text, text.replace(f"priority {priority}", "priority 90"))
    assert never_preempts(pair.holder) is counts
    assert preempt_delay_s(pair.holder) == (7 if priority == 255 else 0)


def test_an_owner_never_waits(tmp_path: Path) -> None:
    a = INSTANCE.format(name="V", state="MASTER", priority=255, more="")
    (pair,) = pairs(tmp_path, a, a.replace("255", "90").replace("MASTER", "BACKUP"))
    assert "a.conf waits 0.000 s after its start" in predict_outage(pair, "return-of-master").because


def test_every_theory_takes_any_pair(tmp_path: Path) -> None:
    for fault in THEORIES:
        predict_outage(one(tmp_path), fault)
