from __future__ import annotations

import hashlib

from golden_file import assert_golden

from runbook_lib.chapter.change import WriteFile
from runbook_lib.chapter.check_script import InstalledScript, plan_check_script, render_check_script
from runbook_lib.chapter.ownership import keep_before, keep_theirs
from runbook_lib.chapter.rendering import template
from runbook_lib.site import parse_site

OURS = render_check_script(parse_site({}))


def test_our_script() -> None:
    assert_golden("openresty_check.sh", OURS)
    assert "--max-time 0.5 " in render_check_script(parse_site({"check": {"interval": 1}}))
    assert "127.0.0.1:8081/" in render_check_script(parse_site({"openresty": {"port": 8081}}))


def test_the_chapters_script_is_byte_for_byte_as_printed() -> None:
    script = render_check_script(parse_site({"check_script": "chapter"}))
    assert script.splitlines()[3] == " /usr/local/openresty/bin/openresty  # 尝试启动openresty"
    digest = hashlib.sha256(script.encode()).hexdigest()
    assert digest == "fe5dffcdc81507a18e83e6b6bb566586fa0ac26c14ad551b03eda753f856db24"


def test_installed_executable_where_there_was_none() -> None:
    change = plan_check_script("node128", InstalledScript(None, 0), OURS)
    note, _, file = change.actions
    assert str(note) == "note that nothing stood at /etc/keepalived/openresty_check.sh"
    assert isinstance(file, WriteFile)
    assert (file.path, file.mode, change.was) == ("/etc/keepalived/openresty_check.sh", 0o755, "no script")


def test_a_script_without_the_x_bit_is_a_difference() -> None:
    assert plan_check_script("node128", InstalledScript(OURS, 0o644), OURS).was == "not executable"


def test_right_as_it_is() -> None:
    assert plan_check_script("node128", InstalledScript(OURS, 0o755), OURS).is_none


def test_what_may_be_somebody_elses_script_is_kept_for_the_clean_up() -> None:
    theirs = plan_check_script("node128", InstalledScript("#!/bin/sh\nexit 0\n", 0o755), OURS)
    assert theirs.actions[0] == keep_theirs("/etc/keepalived/openresty_check.sh")
    chapters = plan_check_script("node128", InstalledScript(template("chapter_check.sh"), 0o755), OURS)
    assert chapters.actions[0] == keep_theirs("/etc/keepalived/openresty_check.sh", may_be_ours=True)
    ours = plan_check_script("node128", InstalledScript("# Written by runbook\n", 0o755), OURS)
    assert ours.actions[:2] == keep_before("/etc/keepalived/openresty_check.sh", "# Written by runbook\n", OURS)
