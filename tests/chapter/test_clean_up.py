"""Only what is ours is taken away, and in the order opposite to the chapter's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runbook_lib.chapter.clean_up import Left, plan_clean_up
from runbook_lib.site import Site, parse_site

NOTHING = Left()
UNIT, BINARY = "/etc/systemd/system/keepalived.service", "/usr/sbin/keepalived"
CONFIG, SCRIPT = "/etc/keepalived/keepalived.conf", "/etc/keepalived/openresty_check.sh"
PREFIX = "/usr/local/openresty"
ENTRY = (
    f"{PREFIX}/bin/openresty",
    f"{PREFIX}/nginx/conf/nginx.conf",
    "/etc/systemd/system/openresty.service",
    f"{PREFIX}/nginx/sbin/openresty",
)
CLEARED = [
    "rm -rf /var/lib/runbook/build /usr/local/keepalived.runbook-new /usr/local/keepalived.runbook-old"
    " /usr/local/keepalived.runbook.part /usr/local/keepalived.runbook.old",
    "rmdir --ignore-fail-on-non-empty /etc/keepalived 2>/dev/null || :",
]
FORGET = "rm -rf /var/lib/runbook, unless something is in /var/lib/runbook/faults"


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
            replace(NOTHING, ours=frozenset({UNIT, BINARY})),
            [
                "systemctl disable --now keepalived.service",
                gone(UNIT),
                gone(BINARY),
                "systemctl daemon-reload && systemctl reset-failed keepalived.service 2>/dev/null || :",
                *CLEARED,
            ],
            "its unit and binary",
        ),
        (replace(NOTHING, ours=frozenset({CONFIG})), [gone(CONFIG), *CLEARED], "keepalived.conf"),
        (replace(NOTHING, ours=frozenset({SCRIPT})), [gone(SCRIPT), *CLEARED], "the check script"),
        (
            replace(NOTHING, ours=frozenset({"/usr/local/keepalived"})),
            [gone("/usr/local/keepalived"), *CLEARED],
            "the build",
        ),
        (replace(NOTHING, records=True), CLEARED, "files in /var/lib/runbook"),
        (
            replace(NOTHING, half_done=True),
            [f"rm -f {CONFIG}.runbook-staged {ENTRY[1]}.runbook-staged {BINARY}.runbook-new", *CLEARED],
            "files of an interrupted step",
        ),
        (
            replace(NOTHING, openings=("port=80/tcp", 'rich-rule=rule protocol value="vrrp" accept')),
            [
                *CLEARED,
                "firewall-cmd --quiet --permanent --remove-port=80/tcp; firewall-cmd --quiet --remove-port=80/tcp; :",
                "firewall-cmd --quiet --permanent '--remove-rich-rule=rule protocol value=\"vrrp\" accept'; "
                "firewall-cmd --quiet '--remove-rich-rule=rule protocol value=\"vrrp\" accept'; :",
            ],
            "openings in the firewall",
        ),
        (
            replace(NOTHING, ours=frozenset(ENTRY)),
            [
                *CLEARED,
                "systemctl disable --now openresty.service",
                *map(gone, ENTRY),
                "systemctl daemon-reload",
                f"rm -rf {PREFIX}/nginx/logs && find {PREFIX}/ -depth -type d -empty -delete",
            ],
            "OpenResty's layout",
        ),
        (
            replace(NOTHING, units=frozenset({"keepalived.service", "openresty.service"})),
            [
                *CLEARED,
                "enable and start openresty.service where it was before",
                "enable and start keepalived.service where it was before",
            ],
            "whether keepalived.service ran before, whether openresty.service ran before",
        ),
    ],
)
def test_each_part_that_is_ours_goes_by_itself(found: Left, actions: list[str], was: str) -> None:
    assert planned(found) == [*actions, FORGET]
    change = plan_clean_up("node128", found, Site())
    assert (change.host, change.title, change.was) == ("node128", "take away what the runbook put here", was)


def test_what_waits_from_before_us_is_put_back_also_where_nothing_of_ours_stands() -> None:
    assert planned(replace(NOTHING, kept=frozenset({CONFIG}))) == [
        f"keep {CONFIG} as {CONFIG}.before-runbook (a later one as {CONFIG}.aside-1)",
        gone(CONFIG),
        *CLEARED,
        FORGET,
    ]


def test_what_somebody_put_there_later_stays_and_is_named() -> None:
    aside = frozenset({CONFIG, SCRIPT})
    said = f"left, as somebody put it there later: {CONFIG}.aside-1, {SCRIPT}.aside-1"
    assert plan_clean_up("node128", replace(NOTHING, aside=aside), Site()).title == (
        f"nothing of the runbook is here; {said}"
    )
    assert plan_clean_up("node128", replace(NOTHING, aside=aside, records=True), Site()).warning == said


def test_openings_of_other_parameters_are_named() -> None:
    change = plan_clean_up("node128", replace(NOTHING, records=True, other_openings=True), Site())
    assert change.warning == (
        "openings are noted in /var/lib/runbook/firewall-openings that these parameters don't have"
    )


def test_keepalived_stops_before_its_files_go_and_the_entry_is_the_last() -> None:
    ours = frozenset({UNIT, BINARY, CONFIG, SCRIPT, "/usr/local/keepalived", *ENTRY})
    actions = planned(Left(ours, openings=("port=80/tcp",), half_done=True, records=True))
    order = [
        "disable --now keepalived", "end the OpenResty", "keepalived.conf", "/usr/local/keepalived", "--remove-port",
        "now openresty",
    ]  # fmt: skip
    places = [next(place for place, action in enumerate(actions) if word in action) for word in order]
    assert places == sorted(places)


def test_the_places_of_the_parameters_are_cleaned() -> None:
    site = parse_site(
        {"keepalived": {"prefix": "/opt/keepalived"}, "openresty": {"prefix": "/opt/openresty", "unit": "web.service"}}
    )
    entry = ("/opt/openresty/bin/openresty", "/etc/systemd/system/web.service")
    actions = planned(replace(NOTHING, ours=frozenset({"/opt/keepalived", *entry})), site)
    assert actions[0] == gone("/opt/keepalived")
    assert "systemctl disable --now web.service" in actions
    assert actions[-2] == "rm -rf /opt/openresty/nginx/logs && find /opt/openresty/ -depth -type d -empty -delete"
