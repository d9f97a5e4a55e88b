from __future__ import annotations

import subprocess
from typing import Any

import pytest
from golden_file import assert_golden

from runbook_lib.chapter.change import WriteFile
from runbook_lib.chapter.check_script import SCRIPT
from runbook_lib.chapter.config import (
    CONFIG,
    MISSING_SCRIPT,
    configuration_test,
    plan_configuration,
    render_configuration,
)
from runbook_lib.chapter.ownership import keep_before, keep_theirs
from runbook_lib.hosts import quote
from runbook_lib.site import Site, parse_site


def site(**values: Any) -> Site:
    return parse_site(values)


@pytest.mark.parametrize(
    ("golden", "values"),
    [
        ("default", {}),
        ("chapter", {"check_script": "chapter"}),
        ("version3", {"vrrp": {"version": 3, "advert_int": 0.1}}),
        ("nopreempt", {"vrrp": {"preempt": False}, "weight": -60}),
        ("odd-password", {"vrrp": {"auth_pass": "#a!b'c"}}),
        ("positive-weight", {"weight": 60, "check": {"interval": 1, "fall": 3}}),
    ],
)
def test_the_configurations_of_both_nodes(golden: str, values: dict[str, Any]) -> None:
    model = site(**values)
    assert_golden(f"{golden}.master.conf", render_configuration(model, model.nodes.master))
    assert_golden(f"{golden}.backup.conf", render_configuration(model, model.nodes.backup))


def test_no_change_where_the_file_is_right() -> None:
    change = plan_configuration("node129", "same\n", "same\n")
    assert change.is_none
    assert change.title == "/etc/keepalived/keepalived.conf says what the parameters say"


def test_a_difference_is_written_after_its_test_with_what_is_not_ours_kept() -> None:
    found = "# Written by runbook for node129\nold\n"
    change = plan_configuration("node129", found, "# Written by runbook for node129\nnew\n")
    *kept, file = change.actions
    assert tuple(kept) == keep_before(CONFIG, found, "# Written by runbook for node129\nnew\n")
    assert isinstance(file, WriteFile)
    assert file.tested_by == configuration_test(f"{CONFIG}.runbook-staged")
    assert change.diff.splitlines()[-2:] == ["-old", "+new"]
    assert change.was == "another configuration"


def test_somebody_elses_file_is_kept_for_the_clean_up() -> None:
    change = plan_configuration("node129", "theirs\n", "# Written by runbook\n")
    assert change.actions[0] == keep_theirs(CONFIG)


@pytest.mark.parametrize(
    ("status", "said", "accepted"),
    [
        (0, "", True),
        (4, MISSING_SCRIPT, True),
        (5, MISSING_SCRIPT, True),  # 2.2.7's number for the same
        (4, f"{MISSING_SCRIPT}\n(VI_1) Warning - nopreempt will not work with initial state MASTER", False),
        (0, "(/etc/keepalived/keepalived.conf: Line 21) Unknown keyword 'track_script'", False),
        (4, "(/x: Line 14) Unknown keyword 'versoin'", False),
        (143, "", False),  # 2.2.7 ends itself when the script's user is another one
        (5, "SECURITY VIOLATION - scripts are being executed but script_security not enabled.", False),
    ],
)
def test_what_keepalived_says_of_the_staged_file_decides(status: int, said: str, accepted: bool) -> None:
    command = configuration_test("staged")
    line = quote(command.command, *command.values).replace(
        "/usr/sbin/keepalived -t -f staged", f"{quote('printf %%s %s', said)}; (exit {status})"
    )
    # The status of a command substitution is that of its last command.
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=False)
    assert (done.returncode == 0) is accepted
    assert done.stderr.strip() == said.strip()


def test_the_script_named_in_the_configuration_is_the_one_that_06_installs() -> None:
    model = site()
    assert f'script "{SCRIPT}"' in render_configuration(model, model.nodes.backup)
