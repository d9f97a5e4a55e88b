"""The site as a drawing (figure 4.24, table 4.2), as described or as seen: SVG, and text for a terminal. Pure."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from runbook_lib.chapter.node_state import NodeState
from runbook_lib.chapter.vip import Answer
from runbook_lib.site import Node, Site

WIDTH, HEIGHT = 760, 400
BOX_HEIGHT = 64
ROWS = (40, 140, 240, 350)
"""The middle of each row of boxes: who asks, the VIP, the entries, Nacos."""
STYLE = "font-family:sans-serif;font-size:13px"
HOLDER, OTHER, UNKNOWN = "#d7ecd9", "#e3eefa", "#f8dcd6"
"""An entry's box: it has the VIP, it has not, it can't be asked."""


@dataclass(frozen=True)
class Seen:
    """The pair as it was seen last; a text says why something could not be seen."""

    nodes: Mapping[str, NodeState | str]
    """By name; none for a node that was not asked yet."""
    answer: Answer | str
    """Through the VIP."""


@dataclass(frozen=True)
class Box:
    """A box with lines of text; the first is its title."""

    x: int
    row: int
    width: int
    lines: tuple[str, ...]
    fill: str
    serves: bool = False
    """An entry that has the VIP, as described or as seen."""

    @property
    def y(self) -> int:
        """Its middle."""
        return ROWS[self.row]


@dataclass(frozen=True)
class Way:
    """A line between two boxes; dashed: taken only after a failover."""

    start: Box
    end: Box
    dashed: bool = False


class SiteDrawing:
    """Who asks, where the VIP is, and what stands behind it; with `seen` who has it now, and what answers."""

    def __init__(self, site: Site, seen: Seen | None = None) -> None:
        vrrp, port = site.vrrp, site.openresty.port
        client = site.client_machine
        asking = ("client", *((client.address,) if client else ()))
        self.asker = Box(WIDTH // 2, 0, 170, asking, "#f2f2f2")
        timers = f"VRID {vrrp.router_id}, VRRP version {vrrp.version}, every {vrrp.advert_int:g} s"
        vip = (f"VIP {site.vip_address}, port {port}", *(_answered(seen.answer) if seen else (timers,)))
        self.vip = Box(WIDTH // 2, 1, 300, vip, "#fff3cd")
        first, second = site.nodes.master, site.nodes.backup
        if seen:
            self.entries = (_seen_entry(first, 180, seen.nodes), _seen_entry(second, WIDTH - 180, seen.nodes))
        else:
            self.entries = (_entry(first, "MASTER", 180, port), _entry(second, "BACKUP", WIDTH - 180, port))
        self.members = tuple(_members(site))

    @property
    def ways(self) -> Iterator[Way]:
        """Every way of a request."""
        yield Way(self.asker, self.vip)
        for entry in self.entries:
            yield Way(self.vip, entry, dashed=not entry.serves)
        for member in self.members:
            yield from (Way(entry, member, dashed=not entry.serves) for entry in self.entries)

    def _repr_html_(self) -> str:
        boxes = (self.asker, self.vip, *self.entries, *self.members)
        drawn = "".join(map(_line, self.ways)) + "".join(map(_box, boxes))
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {WIDTH} {HEIGHT}" '
            f'width="{WIDTH}" style="{STYLE}">{drawn}</svg>'
        )

    def __str__(self) -> str:
        def told(box: Box) -> str:
            return ", ".join(box.lines)

        return "\n".join(
            (
                told(self.asker),
                f"  -> {told(self.vip)}",
                *(f"       -> {'' if entry.serves else 'after a failover: '}{told(entry)}" for entry in self.entries),
                *(f"            -> {told(member)}" for member in self.members),
            )
        )


def _entry(node: Node, state: str, x: int, port: int) -> Box:
    lines = (f"{node.name}, {state}", node.address, f"Keepalived, priority {node.priority}; OpenResty, port {port}")
    serves = state == "MASTER"
    return Box(x, 2, 300, lines, HOLDER if serves else OTHER, serves)


def _seen_entry(node: Node, x: int, seen: Mapping[str, NodeState | str]) -> Box:
    state = seen.get(node.name)
    if state is None:
        return Box(x, 2, 300, (node.name, "not asked yet"), OTHER)
    if isinstance(state, str):
        return Box(x, 2, 300, (node.name, *_wrapped(state)), UNKNOWN)
    lines = (f"{node.name}, {state.place}", node.address, f"Keepalived {state.keepalived}; OpenResty {state.openresty}")
    return Box(x, 2, 300, lines, HOLDER if state.holds_vip else OTHER, state.holds_vip)


def _answered(answer: Answer | str) -> tuple[str, ...]:
    if isinstance(answer, str):
        return _wrapped(answer)
    got = f"{answer.status} from {answer.entry or 'an unnamed entry'}" if answer.status else f"nothing: {answer.error}"
    return _wrapped(f"{answer.asker} gets {got}")


def _wrapped(text: str) -> tuple[str, ...]:
    """At most two lines that fit into a box."""
    return tuple(textwrap.wrap(text, 46, max_lines=2, placeholder=" …"))


def _members(site: Site) -> Iterator[Box]:
    there = {node.address: node.name for node in (site.nodes.master, site.nodes.backup)}
    width = WIDTH // len(site.nacos.members)
    for number, member in enumerate(site.nacos.members):
        address = member.rpartition(":")[0]
        where = f"on {there[address]}" if address in there else "elsewhere"
        x = width // 2 + number * width
        yield Box(x, 3, min(230, width - 16), (f"Nacos node{number + 1}", member, where), "#f2f2f2")


def _line(way: Way) -> str:
    half = BOX_HEIGHT // 2
    dashes = ' stroke-dasharray="5 4"' if way.dashed else ""
    return (
        f'<line x1="{way.start.x}" y1="{way.start.y + half}" x2="{way.end.x}" y2="{way.end.y - half}" '
        f'stroke="#555"{dashes}/>'
    )


def _box(box: Box) -> str:
    left, top = box.x - box.width // 2, box.y - BOX_HEIGHT // 2
    frame = (
        f'<rect x="{left}" y="{top}" width="{box.width}" height="{BOX_HEIGHT}" rx="6" fill="{box.fill}" stroke="#555"/>'
    )
    first = box.y - (len(box.lines) - 1) * 9 + 4
    texts = (
        f'<text x="{box.x}" y="{first + 18 * number}" text-anchor="middle" fill="#111"'
        f"{'' if number else ' font-weight=' + chr(34) + 'bold' + chr(34)}>{html.escape(line)}</text>"
        for number, line in enumerate(box.lines)
    )
    return frame + "".join(texts)
