"""The site drawn: as text, and as a picture that any XML parser takes."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import pytest

from runbook_lib.chapter.nacos import Member
from runbook_lib.chapter.node_state import NodeState
from runbook_lib.chapter.vip import Answer
from runbook_lib.notebook.drawing import Seen, SiteDrawing
from runbook_lib.site import Site, parse_site

SVG = "{http://www.w3.org/2000/svg}"
TEXT = """\
client, 192.168.42.132
  -> VIP 192.168.42.130, port 80, VRID 51, VRRP version 2, every 1 s
       -> node129, MASTER, 192.168.42.129, Keepalived, priority 100; OpenResty, port 80
       -> after a failover: node128, BACKUP, 192.168.42.128, Keepalived, priority 50; OpenResty, port 80
            -> Nacos node1, 192.168.42.128:8848, on node128
            -> Nacos node2, 192.168.42.128:8849, on node128
            -> Nacos node3, 192.168.42.128:8850, on node128"""


def svg(**values: Any) -> ElementTree.Element:
    return ElementTree.fromstring(SiteDrawing(parse_site(values))._repr_html_())


def texts(drawn: ElementTree.Element) -> list[str]:
    return [str(text.text) for text in drawn.iter(f"{SVG}text")]


def numbers(element: ElementTree.Element, *names: str) -> list[int]:
    return [int(str(element.get(name))) for name in names]


def test_the_chapters_lab_as_text() -> None:
    assert str(SiteDrawing(Site())) == TEXT


def test_the_picture_says_what_the_text_says() -> None:
    said = texts(svg())
    for part in TEXT.replace("after a failover: ", "").replace(" -> ", "").replace("\n", ", ").split(", "):
        assert any(part.strip() in text for text in said), part


def test_a_title_is_bold_and_nothing_else() -> None:
    bold = [text.text for text in svg().iter(f"{SVG}text") if text.get("font-weight") == "bold"]
    assert bold == [
        "client",
        "VIP 192.168.42.130, port 80",
        "node129, MASTER",
        "node128, BACKUP",
        "Nacos node1",
        "Nacos node2",
        "Nacos node3",
    ]


def test_a_request_goes_one_way_and_after_a_failover_the_dashed_one() -> None:
    ways = [(way.start.lines[0], way.end.lines[0], way.dashed) for way in SiteDrawing(Site()).ways]
    vip = "VIP 192.168.42.130, port 80"
    assert ways[:3] == [("client", vip, False), (vip, "node129, MASTER", False), (vip, "node128, BACKUP", True)]
    for number in (1, 2, 3):
        assert ("node129, MASTER", f"Nacos node{number}", False) in ways
        assert ("node128, BACKUP", f"Nacos node{number}", True) in ways
    lines = list(svg().iter(f"{SVG}line"))
    assert (len(lines), sum(line.get("stroke-dasharray") is not None for line in lines)) == (9, 4)


def test_a_line_goes_from_the_bottom_of_a_box_to_the_top_of_another_and_text_is_inside_of_one() -> None:
    drawn = svg()
    boxes = [numbers(box, "y", "height") for box in drawn.iter(f"{SVG}rect")]
    for line in drawn.iter(f"{SVG}line"):
        bottom, top = numbers(line, "y1", "y2")
        assert any(y + height == bottom for y, height in boxes)
        assert any(y == top for y, _ in boxes)
    for text in drawn.iter(f"{SVG}text"):
        (baseline,) = numbers(text, "y")
        assert any(y + 12 < baseline < y + height - 4 for y, height in boxes)


@pytest.mark.parametrize("members", [1, 2, 5])
def test_every_box_is_inside_the_picture_and_beside_its_neighbour(members: int) -> None:
    drawn = svg(nacos={"members": [f"10.0.0.9:{8848 + number}" for number in range(members)]})
    _, _, width, height = (int(part) for part in str(drawn.get("viewBox")).split())
    boxes = [numbers(box, "x", "y", "width", "height") for box in drawn.iter(f"{SVG}rect")]
    assert all(x >= 0 and y >= 0 and x + w <= width and y + h <= height for x, y, w, h in boxes)
    lowest = sorted(box for box in boxes if box[1] == max(y for _, y, _, _ in boxes))
    assert len(lowest) == members
    assert all(left[0] + left[2] < right[0] for left, right in pairwise(lowest))


def test_members_are_where_they_are() -> None:
    members = ["192.168.42.129:8848", "10.0.0.9:8848"]
    told = str(SiteDrawing(parse_site({"nacos": {"members": members}}))).splitlines()[-2:]
    assert [line.rpartition(", ")[2] for line in told] == ["on node129", "elsewhere"]


def test_a_site_without_a_client_still_has_somebody_who_asks() -> None:
    assert str(SiteDrawing(parse_site({"client_machine": None}))).startswith("client\n  -> VIP")


def test_the_parameters_are_drawn() -> None:
    said = str(SiteDrawing(parse_site({"vrrp": {"version": 3, "advert_int": 0.1}, "openresty": {"port": 8080}})))
    assert "VIP 192.168.42.130, port 8080, VRID 51, VRRP version 3, every 0.1 s" in said
    assert said.count("OpenResty, port 8080") == 2


def test_values_are_escaped() -> None:
    drawing = SiteDrawing(Site())
    drawing.asker = replace(drawing.asker, lines=("<b>&\"'</b>",))
    assert "<b>&\"'</b>" in texts(ElementTree.fromstring(drawing._repr_html_()))


AWAY = NodeState("node129", "active", "inactive", False, "")
HOLDER = NodeState("node128", "active", "active", True, "MASTER")
STANDBY = replace(HOLDER, name="node129", holds_vip=False, vrrp="BACKUP")
GREEN, BLUE, RED, GREY, YELLOW = "#d7ecd9", "#e3eefa", "#f8dcd6", "#f2f2f2", "#fff3cd"


def seen(master: NodeState | str = "", backup: NodeState | str = "", **also: Any) -> SiteDrawing:
    given = {"node129": master, "node128": backup}
    return SiteDrawing(Site(), Seen({name: state for name, state in given.items() if state}, **also))


def fills(drawing: SiteDrawing) -> list[str]:
    return [entry.fill for entry in drawing.entries]


def test_the_pair_as_it_was_seen() -> None:
    drawing = seen(AWAY, HOLDER, answer=Answer("observer", 200, "node128", ""))
    assert str(drawing).splitlines()[1:4] == [
        "  -> VIP 192.168.42.130, port 80, observer gets 200 from node128",
        "       -> after a failover: node129, no VRRP state, no VIP, 192.168.42.129, "
        "Keepalived inactive; OpenResty active",
        "       -> node128, MASTER, holds the VIP, 192.168.42.128, Keepalived active; OpenResty active",
    ]
    assert fills(drawing) == [RED, GREEN]


@pytest.mark.parametrize(
    ("master", "fill"),
    [
        (STANDBY, BLUE),
        (replace(STANDBY, vrrp="FAULT"), RED),
        (replace(STANDBY, openresty="failed"), RED),
        ("node129 is off.", RED),
        ("", BLUE),  # not asked yet
    ],
)
def test_what_is_wrong_is_red(master: NodeState | str, fill: str) -> None:
    assert fills(seen(master, HOLDER)) == [fill, GREEN]


def test_two_holders_are_both_wrong() -> None:
    drawing = seen(replace(HOLDER, name="node129"), HOLDER)
    assert fills(drawing) == [RED, RED]
    assert [entry.lines[0] for entry in drawing.entries] == [
        "node129, MASTER, holds the VIP too",
        "node128, MASTER, holds the VIP too",
    ]


@pytest.mark.parametrize(
    ("master", "backup", "serving"),
    [
        (AWAY, HOLDER, {"node128"}),
        (replace(HOLDER, name="node129"), HOLDER, {"node129", "node128"}),
        (AWAY, replace(HOLDER, holds_vip=False), set()),
        ("", "node128 is off.", set()),
    ],
)
def test_a_way_is_dashed_unless_its_entry_holds_the_vip(
    master: NodeState | str, backup: NodeState | str, serving: set[str]
) -> None:
    whole = {way.end.lines[0].partition(",")[0] for way in seen(master, backup).ways if not way.dashed}
    assert whole & {"node129", "node128"} == serving
    assert any(name.startswith("Nacos") for name in whole) == bool(serving)


@pytest.mark.parametrize(
    ("answer", "told", "fill", "serves"),
    [
        (Answer("observer", 200, "node128", ""), "observer gets 200 from node128", GREEN, True),
        (Answer("observer", 502, "", ""), "observer gets 502 from an unnamed entry", RED, False),
        (Answer("observer", 0, "", "curl: (28) timed out"), "observer gets nothing: curl: (28) timed out", RED, False),
        ("observer can't be reached.", "observer can't be reached.", RED, False),
        ("", "not asked yet", YELLOW, False),
    ],
)
def test_what_came_back_or_why_nothing_did(answer: Answer | str, told: str, fill: str, serves: bool) -> None:
    drawing = seen(answer=answer)
    assert (drawing.vip.lines[1:], drawing.vip.fill) == ((told,), fill)
    assert [way.dashed for way in drawing.ways if way.end is drawing.vip] == [not serves]


def test_a_long_reason_fits_into_its_box() -> None:
    why = "node129 (127.0.0.1 port 40001) can't be reached over SSH: it closed the connection, as one that is off does."
    drawing = seen(why, why, answer=why)
    said = [box.lines[1:] for box in (*drawing.entries, drawing.vip)]
    assert said == [("node129 (127.0.0.1 port 40001) can't be", "reached over SSH: it closed the connection, …")] * 3


def test_a_member_that_is_not_ready_is_told_from_one_that_was_not_asked() -> None:
    ports = {8848: True, 8849: False}
    members = tuple(Member(f"192.168.42.128:{port}", ready, "") for port, ready in ports.items())
    told = [(box.lines[2], box.fill) for box in seen(members=members).members]
    assert told == [("on node128, ready", GREY), ("on node128, not ready", RED), ("on node128", GREY)]
    assert {box.fill for box in seen(members="").members} == {GREY}


def test_members_that_can_not_be_asked_say_why() -> None:
    told = {(box.lines[2], box.fill) for box in seen(members="no answer for 7 s").members}
    assert told == {("no answer for 7 s", RED)}
    why = "node128 (127.0.0.1 port 40001) can't be reached over SSH: it closed the connection."
    assert {box.lines[2] for box in seen(members=why).members} == {"node128 (127.0.0.1 port 40001) …"}
