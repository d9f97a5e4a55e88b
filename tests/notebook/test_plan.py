"""A plan's later steps start from what the earlier ones would leave."""

from __future__ import annotations

from dataclasses import replace

from checks.nodes import FakeHost, open_fake

from runbook_lib.chapter.change import Change, Command, WriteFile
from runbook_lib.chapter.config import CONFIG
from runbook_lib.chapter.daemon import daemon_found
from runbook_lib.chapter.service import BINARY, registration


def test_a_change_says_what_it_leaves() -> None:
    actions = (WriteFile("/etc/a", "new\n", "old\n"), Command("x"))
    assert Change("node128", "do", actions, brings=("/usr/sbin/b",)).planned == {
        ("node128", "/etc/a"): "new\n",
        ("node128", "/usr/sbin/b"): None,
    }


def test_a_daemon_is_planned_with_the_files_that_will_be_there() -> None:
    host = FakeHost("node128", lambda command: (0, "", ""))
    site = open_fake(host)
    assert daemon_found(site, host).config == ""
    planned = {("node128", CONFIG): "vrrp\n", ("node128", BINARY): None, ("node129", CONFIG): "another's\n"}
    found = daemon_found(replace(site, planned=planned), host)
    assert (found.config, found.files) == ("vrrp\n", "planned")


def test_a_binary_that_will_be_built_is_another() -> None:
    host = FakeHost("node128", lambda command: (0, "b1  /x\n", ""))
    site = open_fake(host)
    assert registration(site, host).built == "b1"
    there = {("node128", "/usr/local/keepalived/sbin/keepalived"): None}
    assert registration(replace(site, planned=there), host).built == "planned"
