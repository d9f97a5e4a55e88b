"""The entry: what it is made of, and what is done to a node that differs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from runbook_lib.chapter.change import WriteFile
from runbook_lib.chapter.openresty import Entry, EntryFiles, plan_entry, wanted_entry
from runbook_lib.chapter.ownership import keep_theirs
from runbook_lib.chapter.service import ServiceState
from runbook_lib.errors import HostError
from runbook_lib.site import Site, parse_site

SITE = Site()
WANTED = wanted_entry(SITE, "node128")
STATE = ServiceState(True, "active", True, "/etc/systemd/system/openresty.service", 812, "today")
RIGHT = Entry(WANTED, STATE, executable=True, has_nginx=True, fresh=True)
NOTHING = Entry(EntryFiles(None, None, None), ServiceState(False, "inactive", False, "", 0, ""), False, True, False)
TEST = "/usr/local/openresty/bin/openresty -t"
LAYOUT = (
    "mkdir -p /usr/local/openresty/bin /usr/local/openresty/nginx/conf /usr/local/openresty/nginx/logs "
    "/usr/local/openresty/nginx/sbin && ln -sfn /usr/sbin/nginx /usr/local/openresty/nginx/sbin/openresty"
)
KEEP = str(keep_theirs("/usr/local/openresty/nginx/conf/nginx.conf"))
CONFIGURATION = (
    "write /usr/local/openresty/nginx/conf/nginx.conf after "
    "/usr/local/openresty/bin/openresty -t -q -c /usr/local/openresty/nginx/conf/nginx.conf.runbook-staged"
)
NOTED = "note the SHA-256 of what /usr/local/openresty/nginx/conf/nginx.conf will be"
EDITED = (
    "keep /usr/local/openresty/nginx/conf/nginx.conf as /usr/local/openresty/nginx/conf/nginx.conf.aside-1 "
    "where it was changed by hand"
)
NOTE = "note whether openresty.service runs and is enabled"
THAW = "systemctl kill --signal=CONT openresty.service"
RELOAD = "systemctl reload openresty.service"
RESTART = [
    "end the OpenResty processes in the control group of keepalived.service",
    "systemctl restart openresty.service",
]


def found(files: EntryFiles = WANTED, **state: Any) -> Entry:
    return replace(RIGHT, files=files, state=replace(STATE, **state))


def planned(entry: Entry) -> list[str]:
    return [str(action) for action in plan_entry("node128", SITE, entry, WANTED).actions]


def test_the_parameters_stand_in_the_files() -> None:
    values = {
        "openresty": {"port": 8080, "prefix": "/opt/openresty", "restart_s": 0.5},
        "nacos": {"members": ["10.0.0.9:8848"]},
    }
    files = wanted_entry(parse_site(values), "node129")
    assert files.launcher is not None
    assert files.configuration is not None
    assert files.unit is not None
    assert "exec /opt/openresty/nginx/sbin/openresty -p /opt/openresty/nginx/" in files.launcher
    for line in ("listen 8080;", "server 10.0.0.9:8848;", "add_header X-Entry node129 always;"):
        assert line in files.configuration
    assert "ExecStart=/opt/openresty/bin/openresty\n" in files.unit
    assert "Restart=always\nRestartSec=0.5\n" in files.unit


def test_right_as_it_is() -> None:
    change = plan_entry("node128", SITE, RIGHT, WANTED)
    assert (change.is_none, change.title) == (True, "openresty.service is active with this configuration")


@pytest.mark.parametrize("has_nginx", [True, False])
def test_an_openresty_of_its_own_is_left_as_it_is(has_nginx: bool) -> None:
    theirs = replace(NOTHING, files=EntryFiles("\x7fELF", "theirs", None), has_nginx=has_nginx)
    change = plan_entry("node128", SITE, theirs, WANTED)
    assert change.is_none
    assert change.title == "it has an OpenResty of its own: used as it is"


def test_one_of_its_own_that_is_frozen_goes_on() -> None:
    theirs = replace(NOTHING, files=EntryFiles("\x7fELF", "theirs", None), frozen=True)
    change = plan_entry("node128", SITE, theirs, WANTED)
    assert (change.title, change.was) == ("it has an OpenResty of its own: used as it is, and thawed", "frozen")
    assert [str(action) for action in change.actions] == [THAW]


def test_another_server_on_the_port_is_left_as_it_is() -> None:
    change = plan_entry("node128", SITE, replace(NOTHING, port_taken_by="nginx"), WANTED)
    assert (change.is_none, change.title) == (True, "it has nginx of its own: used as it is")


def test_nothing_to_make_an_entry_of() -> None:
    with pytest.raises(HostError) as caught:
        plan_entry("node128", SITE, replace(NOTHING, has_nginx=False), WANTED)
    assert str(caught.value) == (
        "node128: neither OpenResty (/usr/local/openresty/bin/openresty) nor the distribution's nginx with ngx_lua is "
        "installed. Install OpenResty, as the book's section before this one does, then run again."
    )


def test_a_node_without_any_gets_all() -> None:
    change = plan_entry("node128", SITE, NOTHING, WANTED)
    assert [str(action) for action in change.actions] == [
        NOTE,
        LAYOUT,
        "note that nothing stood at /usr/local/openresty/bin/openresty",
        "note the SHA-256 of what /usr/local/openresty/bin/openresty will be",
        "write /usr/local/openresty/bin/openresty",
        "note that nothing stood at /usr/local/openresty/nginx/conf/nginx.conf",
        "note the SHA-256 of what /usr/local/openresty/nginx/conf/nginx.conf will be",
        CONFIGURATION,
        "note that nothing stood at /etc/systemd/system/openresty.service",
        "note the SHA-256 of what /etc/systemd/system/openresty.service will be",
        "write /etc/systemd/system/openresty.service",
        "systemctl daemon-reload",
        TEST,
        "systemctl enable openresty.service",
        *RESTART,
    ]
    assert (change.title, change.was) == ("set up the OpenResty entry", "nothing")
    assert change.hint == (
        "journalctl -u openresty.service -n 50, and /usr/local/openresty/nginx/logs/error.log"
    )  # fmt: skip


def test_only_the_launcher_is_executable() -> None:
    actions = plan_entry("node128", SITE, NOTHING, WANTED).actions
    assert [action.mode for action in actions if isinstance(action, WriteFile)] == [0o755, 0o644, 0o644]


@pytest.mark.parametrize(
    ("entry", "actions", "was"),
    [
        (
            found(replace(WANTED, configuration="# Written by runbook\n")),
            [LAYOUT, EDITED, NOTED, CONFIGURATION, "systemctl daemon-reload", TEST, RELOAD],
            "active, other files",
        ),
        (
            found(replace(WANTED, configuration="somebody else's\n")),
            [LAYOUT, KEEP, NOTED, CONFIGURATION, "systemctl daemon-reload", TEST, RELOAD],
            "active, other files",
        ),
        (replace(RIGHT, frozen=True), [THAW], "active, the same files"),
        (replace(RIGHT, frozen=True, fresh=False), [THAW, TEST, RELOAD], "active, the same files"),
        (replace(RIGHT, fresh=False), [TEST, RELOAD], "active, the same files"),
        (found(enabled=False), ["systemctl enable openresty.service"], "active, the same files"),
        (found(active="failed"), [TEST, *RESTART], "failed, the same files"),
        (
            found(active="inactive", enabled=False),
            [TEST, "systemctl enable openresty.service", *RESTART],
            "inactive, the same files",
        ),
    ],
)
def test_only_what_differs_is_done_and_what_runs_is_reloaded(entry: Entry, actions: list[str], was: str) -> None:
    assert planned(entry) == actions
    assert plan_entry("node128", SITE, entry, WANTED).was == was


def test_the_diff_begins_from_what_stood_there() -> None:
    diff = plan_entry("node128", SITE, found(replace(WANTED, unit="old\n")), WANTED).diff
    assert diff.startswith("--- /etc/systemd/system/openresty.service\n+++ /etc/systemd/system/openresty.service\n")
    assert "-old\n" in diff


def test_a_launcher_that_may_not_be_run_is_written_again() -> None:
    entry = replace(RIGHT, executable=False)
    assert planned(entry)[3] == "write /usr/local/openresty/bin/openresty"
