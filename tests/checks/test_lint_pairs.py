"""Pairs with one thing wrong each: the linter names the rule and the line. And pairs with nothing wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from rendered_pair import rendered

from runbook_lib.checks.config_linter import lint
from runbook_lib.notebook.lint import read_pair

MASTER = """\
global_defs {
    enable_script_security
    script_user root
}
vrrp_script chk {
    script "/etc/keepalived/check.sh"
    interval 2
    fall 2
}
vrrp_instance VI_1 {
    state MASTER
    interface eth0
    virtual_router_id 51
    priority 100
    advert_int 1
    authentication {
        auth_type PASS
        auth_pass 1111
    }
    track_script {
        chk
    }
    virtual_ipaddress {
        10.0.0.9/24
    }
}
"""
BACKUP = MASTER.replace("MASTER", "BACKUP").replace("priority 100", "priority 50")
INTERFACE = "interface eth0"
AUTH = "    authentication {\n        auth_type PASS\n        auth_pass 1111\n    }\n"
SECOND = "\nvrrp_instance VI_2 {\n interface eth0\n virtual_router_id 51\n virtual_ipaddress {\n 10.0.0.8/24\n }\n}\n"
GROUP = "\nvrrp_sync_group G {\n group {\n VI_1\n VI_9\n }\n}\n"
IN_A_GROUP = "vrrp_sync_group G { group { VI_1 VI_9 } }\nvrrp_script chk { weight -60"
Edit = tuple[str, str]
NOTHING: Edit = ("", "")


def peer(address: str, source: str = "") -> Edit:
    said = f"    unicast_src_ip {source}\n" if source else ""
    return (AUTH, f"{AUTH}{said}    unicast_peer {{\n        {address}\n    }}\n")


def both(edit: Edit) -> tuple[Edit, Edit]:
    return edit, edit


def write_pair(folder: Path, first: Edit, second: Edit) -> tuple[str, str]:
    files = []
    for name, text, (old, new) in (("a.conf", MASTER, first), ("b.conf", BACKUP, second)):
        assert old in text
        (folder / name).write_text(text.replace(old, new, 1) if old else text + new)
        files.append(str(folder / name))
    return files[0], files[1]


def found(folder: Path, first: Edit, second: Edit) -> set[str]:
    """`LEVEL rule file:line` of each finding."""
    findings = lint(*read_pair(*write_pair(folder, first, second)))
    return {f"{f.level} {f.rule} {Path(f.places[0].file).name}:{f.places[0].line}" for f in findings}


V3 = "version 3\n    "
BROKEN: list[tuple[str, tuple[Edit, Edit]]] = [
    # What `keepalived -t` says, too.
    ("ERROR unknown-keyword a.conf:12", ((INTERFACE, "interfaces eth0"), NOTHING)),
    ("ERROR unknown-keyword b.conf:1", (NOTHING, ("global_defs", "globals"))),
    ("ERROR unknown-keyword a.conf:17", (("auth_type", "auth_typ"), NOTHING)),
    ("ERROR value a.conf:14", (("priority 100", "priority 256"), NOTHING)),
    ("ERROR value b.conf:13", (NOTHING, ("virtual_router_id 51", "virtual_router_id 0"))),
    ("ERROR value a.conf:7", (("interval 2", "interval 0.5"), NOTHING)),
    ("ERROR value a.conf:8", (("fall 2", "fall"), NOTHING)),
    ("ERROR value a.conf:11", (("state MASTER", "state MAIN"), NOTHING)),
    ("ERROR value b.conf:21", (NOTHING, ("        chk\n", "        chk weight 300\n"))),
    ("ERROR value a.conf:12", ((INTERFACE, "interface"), NOTHING)),
    ("ERROR undefined-definition a.conf:12", ((INTERFACE, "interface $IF"), NOTHING)),
    ("ERROR undefined-script b.conf:21", (NOTHING, ("        chk\n", "        chk_openresty\n"))),
    ("ERROR missing a.conf:10", (("    interface eth0\n", ""), NOTHING)),
    ("ERROR missing b.conf:10", (NOTHING, ("    virtual_router_id 51\n", ""))),
    ("ERROR missing b.conf:10", (NOTHING, ("vrrp_instance VI_1 {", "vrrp_instance {"))),
    ("ERROR missing a.conf:23", (("        10.0.0.9/24\n", ""), NOTHING)),
    ("ERROR address a.conf:24", (("10.0.0.9/24", "10.0.0.9/33"), NOTHING)),
    ("ERROR duplicate-vrid a.conf:30", both(("", SECOND))),
    ("ERROR duplicate-name a.conf:28", both(("", SECOND.replace("VI_2", "VI_1")))),
    ("ERROR auth-version a.conf:16", both(("advert_int 1\n", "version 3\n"))),
    ("WARN auth-pass b.conf:18", both(("auth_pass 1111", "auth_pass 123456789"))),
    ("ERROR auth-empty a.conf:16", both(("        auth_pass 1111\n", ""))),
    ("WARN script-security a.conf:5", both(("    enable_script_security\n", "    # no security\n"))),
    ("ERROR script-empty a.conf:5", both(('    script "/etc/keepalived/check.sh"\n', ""))),
    ("ERROR nopreempt-state a.conf:12", (("state MASTER\n", "state MASTER\n    nopreempt\n"), NOTHING)),
    ("WARN preempt-delay a.conf:12", (("state MASTER\n", "state MASTER\n    preempt_delay 60\n"), NOTHING)),
    ("WARN advert-int a.conf:15", both(("advert_int 1\n", "advert_int 1.5\n"))),
    ("WARN advert-int b.conf:15", both(("advert_int 1\n", "advert_int 0.3\n"))),
    ("WARN strict a.conf:2", both(("    enable_script", "    vrrp_strict\n    enable_script"))),
    ("WARN missing-priority a.conf:10", (("    priority 100\n", ""), NOTHING)),
    ("ERROR sync-member a.conf:31", both(("", GROUP))),
    ("WARN sync-size a.conf:28", both(("", GROUP.replace(" VI_9\n", "")))),
    ("ERROR include-missing a.conf:27", (("", "include conf.d/*.conf\n"), NOTHING)),
    ("WARN vmac-unicast a.conf:12", (("interface eth0\n", "use_vmac\n    unicast_peer {\n 10.0.0.2\n }\n"), NOTHING)),
    # What it says nothing about, as it knows one file.
    ("ERROR equal-on-both b.conf:13", (NOTHING, ("virtual_router_id 51", "virtual_router_id 52"))),
    ("ERROR equal-on-both b.conf:15", (NOTHING, ("advert_int 1", "advert_int 2"))),
    ("ERROR equal-on-both b.conf:10", (NOTHING, ("global_defs {\n", "global_defs { vrrp_version 3\n"))),
    ("ERROR equal-on-both b.conf:16", (NOTHING, ("auth_pass 1111", "auth_pass 1112"))),
    ("ERROR equal-on-both b.conf:23", (NOTHING, ("10.0.0.9/24", "10.0.0.8/24"))),
    ("ERROR equal-on-both b.conf:1", (NOTHING, ("global_defs {\n", "global_defs { vrrp_mcast_group4 224.0.0.19\n"))),
    (
        "WARN advert-int b.conf:16",
        (("advert_int 1\n", f"{V3}advert_int 1\n"), ("advert_int 1\n", f"{V3}advert_int 0.5\n")),
    ),
    ("WARN prefix-length b.conf:24", (NOTHING, ("10.0.0.9/24", "10.0.0.9"))),
    ("WARN excluded-vips b.conf:20", (NOTHING, (AUTH, f"{AUTH}    virtual_ipaddress_excluded {{ 10.0.0.7 }}\n"))),
    ("ERROR priorities b.conf:14", (NOTHING, ("priority 50", "priority 100"))),
    ("WARN states b.conf:11", (NOTHING, ("state BACKUP", "state MASTER"))),
    ("WARN states b.conf:11", (("state MASTER", "state BACKUP"), ("state BACKUP", "state MASTER"))),
    ("WARN tracking a.conf:10", (("    track_script {\n        chk\n    }\n", ""), NOTHING)),
    ("WARN tracking b.conf:10", (NOTHING, ("    track_script {\n        chk\n    }\n", ""))),
    ("WARN weight-gap a.conf:8", both(("fall 2\n", "weight -20\n"))),
    ("WARN weight-gap a.conf:21", both(("        chk\n", "        chk weight 40\n"))),
    ("WARN weight-gap a.conf:20", both(("track_script", "track_interface { eth1 weight -50 }\n    track_script"))),
    ("WARN nopreempt-weight b.conf:11", (("fall 2\n", "weight -60\n"), ("state BACKUP\n", "nopreempt\n"))),
    ("WARN nopreempt-side b.conf:12", (NOTHING, ("state BACKUP\n", "state BACKUP\n    nopreempt\n"))),
    ("ERROR unicast b.conf:10", (peer("10.0.0.2"), NOTHING)),
    ("ERROR unicast b.conf:20", (peer("10.0.0.2"), peer("10.0.0.2"))),
    ("ERROR unicast a.conf:21", (peer("10.0.0.1", "10.0.0.1"), peer("10.0.0.1", "10.0.0.2"))),
    ("ERROR unicast b.conf:21", (peer("10.0.0.2", "10.0.0.1"), peer("10.0.0.3", "10.0.0.2"))),
    ("ERROR priority-255 b.conf:14", (("priority 100", "priority 254"), ("priority 50", "priority 255"))),
    ("ERROR priority-255 a.conf:14", (("priority 100", "priority 255\n    track_file { f weight 9 }"), NOTHING)),
    ("WARN script-untracked b.conf:5", (NOTHING, ("    track_script {\n        chk\n    }\n", ""))),
    ("WARN sync-weight a.conf:22", both(("vrrp_script chk {", IN_A_GROUP))),
    ("WARN script-timeout a.conf:8", both(("fall 2\n", "timeout 10\n    fall 2\n"))),
    ("WARN restart-gap b.conf:8", both(("fall 2", "fall 1"))),
    ("WARN restart-gap a.conf:5", both(("    fall 2\n", ""))),
    ("ERROR instance-alone a.conf:28", (("", SECOND.replace("51", "53")), NOTHING)),
    ("ERROR instance b.conf:1", (NOTHING, ("vrrp_instance VI_1", "virtual_server_group VI_1"))),
    ("WARN condition b.conf:14", (NOTHING, ("    priority 50", "@b   priority 50"))),
    ("WARN not-read a.conf:27", (("", "~LST(i, 1, 2) net_namespace $i\n"), NOTHING)),
]


@pytest.mark.parametrize(("expected", "edits"), BROKEN, ids=lambda value: value if isinstance(value, str) else "")
def test_what_is_wrong_is_found_where_it_stands(tmp_path: Path, expected: str, edits: tuple[Edit, Edit]) -> None:
    assert expected in found(tmp_path, *edits)


UNICAST = (
    "global_defs {{\n router_id {name}\n vrrp_version 3\n enable_script_security\n script_user root\n}}\n"
    "$IF=eth0\n$VIPS= \\\n 10.0.0.9/24 dev $IF \\\n 10.0.0.8/24 dev $IF\n\n"
    'vrrp_script alive {{\n script "/usr/bin/systemctl is-active --quiet nginx"\n interval 1\n timeout 1\n'
    " fall 3\n rise 2\n user root\n}}\n"
    "vrrp_instance WEB {{\n state BACKUP\n interface $IF\n virtual_router_id 7\n priority {priority}\n"
    " advert_int 0.5\n nopreempt\n garp_master_refresh 60\n unicast_src_ip {own}\n unicast_peer {{ {other} }}\n"
    " virtual_ipaddress {{\n $VIPS\n }}\n track_script {{ alive }}\n"
    ' notify_master "/etc/keepalived/notify.sh master"\n}}\n'
    "virtual_server 10.0.0.9 80 {{\n lb_algo rr\n lb_kind NAT\n protocol TCP\n"
    " real_server 10.0.0.3 80 {{\n TCP_CHECK {{\n }}\n }}\n}}\n"
)
SHARED = (
    "vrrp_instance VI_{n} {{\n@one state MASTER\n@one priority 150\n@two state BACKUP\n@two priority 100\n"
    " interface eth{n}\n virtual_router_id {n}\n virtual_ipaddress {{\n 10.0.{n}.9/24\n }}\n}}\n"
)
GROUPED = "include {folder}/vi*.conf\nvrrp_sync_group G {{\n group {{\n VI_1\n VI_2\n }}\n}}\n"


@pytest.mark.parametrize(
    "values",
    [{}, {"vrrp": {"version": 3, "advert_int": 0.1}}, {"vrrp": {"preempt": False}}, {"weight": -60}],
    ids=["chapter", "v3", "nopreempt", "weight"],
)
def test_what_we_render_is_right(tmp_path: Path, values: dict[str, object]) -> None:
    assert lint(*read_pair(*rendered(tmp_path, **values))) == ()


def test_the_base_pair_is_right(tmp_path: Path) -> None:
    assert found(tmp_path, NOTHING, NOTHING) == set()


def test_a_unicast_pair_with_nopreempt_is_right(tmp_path: Path) -> None:
    for name, priority, own, other in (("a", 150, "10.0.0.1", "10.0.0.2"), ("b", 100, "10.0.0.2", "10.0.0.1")):
        text = UNICAST.format(name=name, priority=priority, own=own, other=other)
        (tmp_path / f"{name}.conf").write_text(text)
    assert lint(*read_pair(str(tmp_path / "a.conf"), str(tmp_path / "b.conf"))) == ()


def test_one_file_for_two_hosts_with_includes_is_right(tmp_path: Path) -> None:
    for n in (1, 2):
        (tmp_path / f"vi{n}.conf").write_text(SHARED.format(n=n))
    path = tmp_path / "keepalived.conf"
    path.write_text(GROUPED.format(folder=tmp_path))
    assert lint(*read_pair(f"{path}@one", f"{path}@two")) == ()


def test_an_unknown_word_is_answered_with_the_nearest_known_one(tmp_path: Path) -> None:
    pair = write_pair(tmp_path, (INTERFACE, "interfaces eth0"), NOTHING)
    assert "Did you mean 'interface'?" in {finding.cure for finding in lint(*read_pair(*pair))}


def test_in_version_3_a_backup_takes_the_masters_interval_over(tmp_path: Path) -> None:
    differ = found(tmp_path, ("advert_int 1\n", f"{V3}advert_int 1\n"), ("advert_int 1\n", f"{V3}advert_int 0.5\n"))
    assert not [finding for finding in differ if "equal-on-both" in finding]
