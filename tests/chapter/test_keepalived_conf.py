from __future__ import annotations

from runbook_lib.chapter.keepalived_conf import Block, Tracked, parse_blocks, parse_configuration

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
    (script,) = found.scripts
    assert (script.path, script.interval_s, script.weight, script.fall) == (
        "/etc/keepalived/openresty_check.sh", 2.0, -20, 1,
    )  # fmt: skip
    (instance,) = found.instances
    assert (instance.name, instance.state, instance.interface) == ("VI_1", "MASTER", "ens33")
    assert (instance.version, instance.router_id, instance.priority, instance.advert_int_s) == (2, 51, 100, 1.0)
    assert instance.auth == ("PASS", "1111")
    assert instance.vips == ("192.168.42.130/24",)
    assert instance.tracked == (Tracked("chk_openresty", -20),)
    assert not found.script_security
    assert not instance.nopreempt


def test_comment_signs_inside_quotes_are_text() -> None:
    assert parse_blocks('auth_pass "a#b!"  # why\n! all of it\n') == (Block(("auth_pass", "a#b!")),)


def test_a_brace_on_a_line_of_its_own() -> None:
    assert parse_blocks("a b\n{\nc\n}\nd\n") == (Block(("a", "b"), (Block(("c",)),)), Block(("d",)))


def test_defaults_come_from_global_defs() -> None:
    text = (
        "global_defs {\n vrrp_version 3\n vrrp_strict\n enable_script_security\n}\nvrrp_instance A {\n}\n"
        "vrrp_sync_group G {\n group {\n A\n }\n}\ninclude other.conf\n"
    )
    found = parse_configuration(text)
    assert found.script_security
    assert found.includes == ("other.conf",)
    (instance,) = found.instances
    assert (instance.version, instance.strict, instance.state, instance.priority) == (3, True, "BACKUP", 100)
    assert instance.sync_group == "G"


def test_a_weight_beside_the_tracked_script_wins() -> None:
    text = "vrrp_script s {\n weight 5\n}\nvrrp_instance A {\n track_script {\n s weight -9\n t\n }\n}\n"
    assert parse_configuration(text).instances[0].tracked == (Tracked("s", -9), Tracked("t", 0))
