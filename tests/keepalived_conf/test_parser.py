from __future__ import annotations

import pytest

from runbook_lib.keepalived_conf.model import Tracked
from runbook_lib.keepalived_conf.parser import group_members, parse_configuration

# Chapter step 7, as printed: a comment touches a brace, and braces are not indented.
CHAPTER = """
vrrp_script chk_openresty {
   script "/etc/keepalived/openresty_check.sh"  #检测 nginx 状态的脚本路径
   interval 2 # 检测时间间隔
    weight -20 # 如果条件成立，权重-20
}
vrrp_instance VI_1 {
    state MASTER  # 主节点为 MASTER，对应的备份节点为 BACKUP
    interface ens33
    virtual_router_id 51
    priority 100 # 节点优先级，值范围 0-254，MASTER 要比 BACKUP 高
    advert_int 1
    authentication { # 设置验证信息
        auth_type PASS
        auth_pass 1111
}
\ttrack_script {# 将 track_script 块加入 instance 配置块
\t\tchk_openresty # 执行 openresty 监控的服务
\t}
    virtual_ipaddress {
        192.168.42.130/24
    }
}
"""


def test_the_chapters_own_configuration() -> None:
    found = parse_configuration(CHAPTER)
    assert found.problems == ()
    (script,) = found.scripts
    assert (script.path, script.interval_s, script.weight, script.fall) == (
        "/etc/keepalived/openresty_check.sh", 2.0, -20, 1,
    )  # fmt: skip
    assert script.timeout_s == 2.0  # the interval, where nothing else is said
    (instance,) = found.instances
    assert (instance.name, instance.state, instance.interface) == ("VI_1", "MASTER", "ens33")
    assert (instance.version, instance.router_id, instance.priority, instance.advert_int_s) == (2, 51, 100, 1.0)
    assert instance.auth == ("PASS", "1111")
    assert instance.vips == ("192.168.42.130/24",)
    assert instance.tracked == (Tracked("chk_openresty", -20),)
    assert not found.script_security
    assert not instance.nopreempt


def test_every_statement_keeps_its_line() -> None:
    (instance,) = parse_configuration(CHAPTER, "a.conf").instances
    assert str(instance.statement.place) == "a.conf:7"
    said = instance.statement.last("priority")
    assert said is not None
    assert str(said.place) == "a.conf:11"
    assert instance.tracked[0].statement is not None
    assert str(instance.tracked[0].statement.place) == "a.conf:18"


def test_defaults_come_from_global_defs_however_many() -> None:
    text = (
        "global_defs {\n vrrp_version 3\n vrrp_strict\n}\nglobal_defs {\n enable_script_security\n"
        " vrrp_down_timer_adverts 4\n}\nvrrp_instance A {\n}\nvrrp_sync_group G {\n group {\n A\n }\n}\n"
    )
    found = parse_configuration(text)
    assert found.script_security
    (instance,) = found.instances
    assert (instance.version, instance.strict, instance.state, instance.priority) == (3, True, "BACKUP", 100)
    assert (instance.sync_group, instance.down_timer_adverts) == ("G", 4)


def test_what_an_instance_says_outweighs_global_defs() -> None:
    text = (
        "global_defs {\n vrrp_version 3\n vrrp_strict\n vrrp_down_timer_adverts 4\n}\n"
        "vrrp_instance A {\n version 2\n strict_mode off\n down_timer_adverts 5\n}\n"
    )
    (instance,) = parse_configuration(text).instances
    assert (instance.version, instance.strict, instance.down_timer_adverts) == (2, False, 5)


def test_a_master_without_a_priority_is_the_owner_and_an_owner_a_master() -> None:
    text = "vrrp_instance A {\n state MASTER\n}\nvrrp_instance B {\n priority 255\n}\n"
    assert [(i.state, i.priority) for i in parse_configuration(text).instances] == [("MASTER", 255), ("MASTER", 255)]


def test_ipv6_needs_version_3() -> None:
    text = "vrrp_instance A {\n virtual_ipaddress {\n fe80::1/64 dev eth0\n }\n}\n"
    (instance,) = parse_configuration(text).instances
    assert (instance.version, instance.vips) == (3, ("fe80::1/64",))


def test_a_weight_beside_the_tracked_script_wins() -> None:
    text = "vrrp_script s {\n weight 5\n}\nvrrp_instance A {\n track_script {\n s weight -9\n t\n }\n}\n"
    assert parse_configuration(text).instances[0].tracked == (Tracked("s", -9), Tracked("t", 0))


def test_what_else_is_tracked() -> None:
    text = (
        "vrrp_instance A {\n track_interface {\n eth1 weight -30\n eth2\n }\n track_file {\n f weight 2\n }\n"
        " track_process {\n p\n }\n}\n"
    )
    (instance,) = parse_configuration(text).instances
    assert instance.tracked == ()
    assert instance.tracked_others == (
        Tracked("eth1", -30, "track_interface"),
        Tracked("eth2", 0, "track_interface"),
        Tracked("f", 2, "track_file"),
        Tracked("p", 0, "track_process"),
    )
    assert instance.weights == (-30, 2)


def test_weights_move_the_effective_priority_between_1_and_254_but_never_an_owners() -> None:
    text = "vrrp_instance A {{\n priority {}\n track_interface {{\n e weight -200\n f weight 100\n }}\n}}\n"
    found = [parse_configuration(text.format(priority)).instances[0] for priority in (120, 200, 255)]
    assert [(i.well, i.ill, i.ill_of(i.tracked_others[1])) for i in found] == [(220, 1, 120), (254, 1, 200), (255,) * 3]


def test_a_sync_group_ignores_weights_and_takes_names_in_any_layout() -> None:
    text = (
        "vrrp_sync_group G { group { A B } }\n"
        "vrrp_instance A { track_interface { e weight 3 } }\nvrrp_instance B\n{\n}\n"
    )
    found = parse_configuration(text)
    assert group_members(found.top.all("vrrp_sync_group")[0]) == ("A", "B")
    assert [i.sync_group for i in found.instances] == ["G", "G"]
    assert found.instances[0].weights == ()


def test_unicast_and_delays() -> None:
    text = (
        "vrrp_instance A {\n unicast_src_ip 10.0.0.1\n unicast_peer {\n 10.0.0.2 min_ttl 255\n 10.0.0.3\n }\n"
        " preempt_delay 60.5\n virtual_ipaddress_excluded { 10.0.0.9 }\n}\n"
    )
    (instance,) = parse_configuration(text).instances
    assert (instance.source, instance.unicast_peers) == ("10.0.0.1", ("10.0.0.2", "10.0.0.3"))
    assert (instance.preempt_delay_s, instance.excluded_vips) == (60.5, ("10.0.0.9",))


@pytest.mark.parametrize("word", ["high", "inf", "nan", "0", "-5", "256", "1.5", "\u0663"])
def test_a_priority_that_keepalived_ignores_is_100(word: str) -> None:
    text = f"vrrp_instance A {{\n state MASTER\n priority {word}\n}}\n"
    assert parse_configuration(text).instances[0].priority == 100


def test_so_are_other_numbers_their_defaults() -> None:
    found = parse_configuration(
        "vrrp_script s {\n interval -1\n timeout 1e9\n weight 254\n fall 99999999999999999\n}\n"
        "vrrp_instance A {\n state FOO\n advert_int 256\n virtual_router_id 300\n"
        " track_script {\n s weight 999\n }\n}\n"
    )
    (script,), (instance,) = found.scripts, found.instances
    assert (script.interval_s, script.timeout_s, script.weight, script.fall) == (1.0, 1.0, 0, 1)
    assert (instance.state, instance.advert_int_s, instance.router_id) == ("BACKUP", 1.0, 0)
    assert [tracked.weight for tracked in instance.tracked] == [0]


def test_a_script_that_nothing_defines_moves_no_priority() -> None:
    text = "vrrp_instance A {\n priority 100\n track_script {\n nosuch weight 5\n }\n}\n"
    assert parse_configuration(text).instances[0].well == 100


def test_a_broken_file_is_read_as_far_as_it_goes() -> None:
    found = parse_configuration("vrrp_instance A {\n priority 7\n", "a.conf")
    assert found.instances[0].priority == 7
    (problem,) = found.problems
    assert (problem.rule, str(problem.place), problem.what) == (
        "syntax", "a.conf:1", "the '{' of vrrp_instance A is never closed",
    )  # fmt: skip
