"""What systemd says of a unit, and what is registered where."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runbook_lib.chapter.ownership import STATE, keep_theirs
from runbook_lib.chapter.rendering import template
from runbook_lib.chapter.service import (
    BINARY,
    UNIT_FILE,
    Registration,
    ServiceState,
    parse_service_state,
    plan_enable,
    plan_registration,
)

PREFIX = "/usr/local/keepalived"
UNIT = template("keepalived.service")
RIGHT = Registration("b1", "b1", UNIT)
FOLDER = "mkdir -p /etc/keepalived"
NOTE = "note whether keepalived.service runs and is enabled"
COPY = "install /usr/local/keepalived/sbin/keepalived /usr/sbin/keepalived"
WRITE = (f"note the SHA-256 of what {UNIT_FILE} will be", f"write {UNIT_FILE}")
EDITED = f"keep {UNIT_FILE} as {UNIT_FILE}.aside-1 where it was changed by hand"
READ = "systemctl daemon-reload"
KEEP_BINARY, KEEP_UNIT = str(keep_theirs(BINARY)), str(keep_theirs(UNIT_FILE))
NO_BINARY, NO_UNIT = (f"note that nothing stood at {path}" for path in (BINARY, UNIT_FILE))


def test_an_active_unit() -> None:
    shown = (
        "MainPID=812\nLoadState=loaded\nActiveState=active\nFragmentPath=/etc/systemd/system/x=y.service\n"
        "UnitFileState=enabled\nActiveEnterTimestamp=Mon 2024-01-01 10:00:00 UTC\n"
    )
    since = "Mon 2024-01-01 10:00:00 UTC"
    assert parse_service_state(shown) == ServiceState(
        True, "active", True, "/etc/systemd/system/x=y.service", 812, since
    )


@pytest.mark.parametrize(
    ("shown", "state"),
    [
        (
            "LoadState=not-found\nActiveState=inactive\nUnitFileState=\nFragmentPath=\nMainPID=0\n",
            ServiceState(False, "inactive", False, "", 0, ""),
        ),
        ("LoadState=masked\nActiveState=failed\nMainPID=\n", ServiceState(False, "failed", False, "", 0, "")),
        ("UnitFileState=disabled\n", ServiceState(False, "unknown", False, "", 0, "")),
        ("", ServiceState(False, "unknown", False, "", 0, "")),
    ],
)
def test_a_unit_that_is_not_there_has_a_state_too(shown: str, state: ServiceState) -> None:
    assert parse_service_state(shown) == state


def test_registered_already() -> None:
    change = plan_registration("node128", RIGHT, PREFIX)
    assert change.is_none
    assert change.title == "keepalived.service runs /usr/sbin/keepalived, which is the binary that was built"


@pytest.mark.parametrize(
    ("found", "actions", "was"),
    [
        (Registration("b1", "", None), [NOTE, FOLDER, NO_BINARY, NO_UNIT, *WRITE, READ, COPY], "not registered"),
        (Registration("", "", UNIT), [FOLDER, NO_BINARY, COPY], "another binary or unit"),
        (replace(RIGHT, on_path="b0"), [FOLDER, KEEP_BINARY, COPY], "another binary or unit"),
        (replace(RIGHT, on_path="b0", placed=True), [FOLDER, COPY], "another binary or unit"),
        (replace(RIGHT, unit="# Written by runbook\n"), [FOLDER, EDITED, *WRITE, READ], "another binary or unit"),
        (replace(RIGHT, unit=None), [NOTE, FOLDER, NO_UNIT, *WRITE, READ], "not registered"),
        (replace(RIGHT, stale=True), [FOLDER, READ], "another binary or unit"),
        (
            Registration("b1", "b0", "[Unit]\n"),
            [NOTE, FOLDER, KEEP_BINARY, KEEP_UNIT, *WRITE, READ, COPY],
            "another binary or unit",
        ),
        (Registration("b1", "b0", None), [NOTE, FOLDER, KEEP_BINARY, NO_UNIT, *WRITE, READ, COPY], "not registered"),
        (Registration("b1", "b1", "[Unit]\n"), [NOTE, FOLDER, KEEP_UNIT, *WRITE, READ], "another binary or unit"),
    ],
)
def test_only_what_differs_is_put_there_and_only_somebody_elses_is_kept(
    found: Registration, actions: list[str], was: str
) -> None:
    change = plan_registration("node128", found, PREFIX)
    assert [str(action) for action in change.actions] == actions
    assert (change.host, change.title, change.was) == ("node128", "register keepalived.service", was)
    assert change.hint == "Notebook 02 builds /usr/local/keepalived/sbin/keepalived."


def test_a_binary_that_runs_is_replaced_by_its_name() -> None:
    new = f"{BINARY}.runbook-new"
    copy = plan_registration("node128", Registration("b1", "b0", UNIT), "/opt/k").actions[-1]
    assert (getattr(copy, "command", ""), getattr(copy, "values", ())) == (
        "mkdir -p %s && install %s %s && sha256sum <%s >>%s && mv -f %s %s",
        (STATE, "/opt/k/sbin/keepalived", new, new, f"{STATE}/placed", new, BINARY),
    )


def test_a_unit_that_starts_at_boot_is_left_alone() -> None:
    change = plan_enable("node128", ServiceState(True, "inactive", True, UNIT_FILE, 0, ""))
    assert (change.is_none, change.title) == (True, "keepalived.service is enabled")


@pytest.mark.parametrize(("loaded", "was"), [(True, "not enabled"), (False, "no such unit")])
def test_a_unit_that_does_not_start_at_boot_is_enabled(loaded: bool, was: str) -> None:
    change = plan_enable("node128", ServiceState(loaded, "active", False, UNIT_FILE, 812, ""))
    assert [str(action) for action in change.actions] == ["systemctl enable keepalived.service"]
    assert (change.title, change.was) == ("enable keepalived.service at boot", was)
