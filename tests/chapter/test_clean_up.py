"""Only what is ours is taken away, and in the order opposite to the chapter's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runbook_lib.chapter.clean_up import Left, plan_clean_up
from runbook_lib.site import Site, parse_site

NOTHING = Left(
    service=False, config=False, script=False, build=False, entry=False, openings=(), previous=(), records=()
)
WORK = "rm -rf /var/tmp/runbook-build && rmdir --ignore-fail-on-non-empty /etc/keepalived 2>/dev/null || :"
UNIT = "/etc/systemd/system/keepalived.service"


def gone(path: str) -> str:
    return f"remove {path}, put back {path}.before-runbook if it is there"


def planned(found: Left, site: Site | None = None) -> list[str]:
    return [str(action) for action in plan_clean_up("node128", found, site or Site()).actions]


def test_a_node_that_has_nothing_of_ours_is_left_alone() -> None:
    change = plan_clean_up("node128", NOTHING, Site())
    assert (change.is_none, change.title) == (True, "nothing of the runbook is here")


@pytest.mark.parametrize(
    ("found", "actions", "was"),
    [
        (
            replace(NOTHING, service=True),
            [
                "systemctl disable --now keepalived.service",
                gone(UNIT),
                gone("/usr/sbin/keepalived"),
                "systemctl daemon-reload && systemctl reset-failed keepalived.service 2>/dev/null || :",
                WORK,
            ],
            "its unit and binary",
        ),
        (replace(NOTHING, config=True), [gone("/etc/keepalived/keepalived.conf"), WORK], "keepalived.conf"),
        (replace(NOTHING, script=True), [gone("/etc/keepalived/openresty_check.sh"), WORK], "the check script"),
        (replace(NOTHING, build=True), [gone("/usr/local/keepalived"), WORK], "the build"),
        (replace(NOTHING, records=("/var/lib/runbook/x",)), [WORK], "files in /var/lib/runbook"),
        (replace(NOTHING, previous=("/a b", "/c")), ["rm -f '/a b' /c", WORK], "older versions of files"),
        (
            replace(NOTHING, openings=("port=80/tcp", 'rich-rule=rule protocol value="vrrp" accept')),
            [
                WORK,
                "firewall-cmd --quiet --permanent --remove-port=80/tcp; firewall-cmd --quiet --remove-port=80/tcp; :",
                "firewall-cmd --quiet --permanent '--remove-rich-rule=rule protocol value=\"vrrp\" accept'; "
                "firewall-cmd --quiet '--remove-rich-rule=rule protocol value=\"vrrp\" accept'; :",
            ],
            "openings in the firewall",
        ),
        (
            replace(NOTHING, entry=True),
            [
                WORK,
                "systemctl disable --now openresty.service; pkill -x openresty; :",
                gone("/etc/systemd/system/openresty.service"),
                gone("/usr/local/openresty/nginx/conf/nginx.conf"),
                "systemctl daemon-reload",
                "rm -f /usr/local/openresty/bin/openresty "
                "/usr/local/openresty/nginx/sbin/openresty && rm -rf /usr/local/openresty/nginx/logs && "
                "find /usr/local/openresty -depth -type d -empty -delete",
            ],
            "OpenResty's layout",
        ),
    ],
)
def test_each_part_that_is_ours_goes_by_itself(found: Left, actions: list[str], was: str) -> None:
    assert planned(found) == [*actions, "rm -rf /var/lib/runbook"]
    change = plan_clean_up("node128", found, Site())
    assert (change.host, change.title, change.was) == ("node128", "take away what the runbook put here", was)


def test_keepalived_stops_before_its_files_go_and_the_entry_is_the_last() -> None:
    everything = Left(True, True, True, True, True, openings=("port=80/tcp",), previous=("/x",), records=("/y",))
    actions = planned(everything)
    assert plan_clean_up("node128", everything, Site()).was.startswith(
        "its unit and binary, keepalived.conf, the check"
    )
    order = ["disable --now keepalived", "keepalived.conf", "/usr/local/keepalived", "--remove-port", "now openresty"]
    places = [next(place for place, action in enumerate(actions) if word in action) for word in order]
    assert places == sorted(places)


def test_the_places_of_the_parameters_are_cleaned() -> None:
    site = parse_site(
        {"keepalived": {"prefix": "/opt/keepalived"}, "openresty": {"prefix": "/opt/openresty", "unit": "web.service"}}
    )
    actions = planned(replace(NOTHING, build=True, entry=True), site)
    assert actions[0] == gone("/opt/keepalived")
    assert actions[2] == "systemctl disable --now web.service; pkill -x openresty; :"
    assert actions[6].endswith("rm -rf /opt/openresty/nginx/logs && find /opt/openresty -depth -type d -empty -delete")
