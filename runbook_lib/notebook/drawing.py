"""The site as a drawing (figure 4.24, table 4.2), as described or as seen: SVG, and text for a terminal. Pure."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from runbook_lib.chapter.nacos import Member
from runbook_lib.chapter.node_state import NodeState
from runbook_lib.chapter.vip import Answer
from runbook_lib.site import Node, Site

WIDTH, HEIGHT = 760, 400
BOX_HEIGHT = 64
ROWS = (40, 140, 240, 350)
"""The middle of each row of boxes: who asks, the VIP, the entries, Nacos."""
NOT_YET = "not asked yet"
STYLE = "font-family:sans-serif;font-size:13px"
GOOD, STANDBY, BAD, PLAIN, VIP = "#d7ecd9", "#e3eefa", "#f8dcd6", "#f2f2f2", "#fff3cd"
"""What serves, what stands by, what is wrong or can't be asked, what is only there, and the VIP as it is described."""


@dataclass(frozen=True)
class Seen:
    """The pair as it was seen last; a text says why something could not be seen; what was not asked yet is left out."""

    nodes: Mapping[str, NodeState | str] = field(default_factory=dict)
    """By name."""
    answer: Answer | str = ""
    """Through the VIP."""
    members: tuple[Member, ...] | str = ""


@dataclass(frozen=True)
class Box:
    """A box with lines of text; the first is its title."""

    x: int
    row: int
    width: int
    lines: tuple[str, ...]
    fill: str
    serves: bool = False
    """Of an entry: it has the VIP; of the VIP: it answers; as described or as seen."""

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
        client = site.client_machine
        self.asker = Box(WIDTH // 2, 0, 170, ("client", *((client.address,) if client else ())), PLAIN)
        first, second = site.nodes.pair
        if seen:
            both = all(isinstance(state, NodeState) and state.holds_vip for state in seen.nodes.values())
            two = both and len(seen.nodes) == 2
            self.vip = _seen_vip(site, seen.answer)
            self.entries = (_seen_entry(first, 180, seen, two=two), _seen_entry(second, WIDTH - 180, seen, two=two))
        else:
            self.vip = _vip(site)
            port = site.openresty.port
            self.entries = (_entry(first, "MASTER", 180, port), _entry(second, "BACKUP", WIDTH - 180, port))
        self.members = tuple(_members(site, seen.members if seen else ""))

    @property
    def ways(self) -> Iterator[Way]:
        """Every way of a request."""
        yield Way(self.asker, self.vip, dashed=not self.vip.serves)
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


def _vip(site: Site) -> Box:
    vrrp = site.vrrp
    timers = f"VRID {vrrp.router_id}, VRRP version {vrrp.version}, every {vrrp.advert_int:g} s"
    return Box(WIDTH // 2, 1, 300, (_vip_title(site), timers), VIP, serves=True)


def _seen_vip(site: Site, answer: Answer | str) -> Box:
    title = _vip_title(site)
    if isinstance(answer, str):
        return Box(WIDTH // 2, 1, 300, (title, *_wrapped(answer or NOT_YET)), BAD if answer else VIP)
    good = answer.status == 200
    got = f"{answer.status} from {answer.entry or 'an unnamed entry'}" if answer.status else f"nothing: {answer.error}"
    lines = (title, *_wrapped(f"{answer.asker} gets {got}"))
    return Box(WIDTH // 2, 1, 300, lines, GOOD if good else BAD, serves=good)


def _vip_title(site: Site) -> str:
    return f"VIP {site.vip_address}, port {site.openresty.port}"


def _entry(node: Node, state: str, x: int, port: int) -> Box:
    lines = (f"{node.name}, {state}", node.address, f"Keepalived, priority {node.priority}; OpenResty, port {port}")
    serves = state == "MASTER"
    return Box(x, 2, 300, lines, GOOD if serves else STANDBY, serves)


def _seen_entry(node: Node, x: int, seen: Seen, *, two: bool) -> Box:
    state = seen.nodes.get(node.name, "")
    if isinstance(state, str):
        return Box(x, 2, 300, (node.name, *_wrapped(state or NOT_YET)), BAD if state else STANDBY)
    place = f"{state.place} too" if two else state.place
    daemons = f"Keepalived {state.keepalived}; OpenResty {state.openresty}"
    well = state.keepalived == state.openresty == "active" and state.vrrp != "FAULT" and not two
    fill = (GOOD if state.holds_vip else STANDBY) if well else BAD
    return Box(x, 2, 300, (f"{node.name}, {place}", node.address, daemons), fill, state.holds_vip)


def _wrapped(text: str) -> tuple[str, ...]:
    """At most two lines that fit into a box."""
    return tuple(textwrap.wrap(text, 46, max_lines=2, placeholder=" …"))


def _members(site: Site, seen: tuple[Member, ...] | str) -> Iterator[Box]:
    there = {node.address: node.name for node in site.nodes.pair}
    why = seen if isinstance(seen, str) else ""
    ready = {} if isinstance(seen, str) else {member.address: member.ready for member in seen}
    width = WIDTH // len(site.nacos.members)
    for number, member in enumerate(site.nacos.members):
        address = member.rpartition(":")[0]
        where = f"on {there[address]}" if address in there else "elsewhere"
        if why:
            where = textwrap.shorten(why, 34, placeholder=" …")
        elif member in ready:
            where += ", ready" if ready[member] else ", not ready"
        fill = PLAIN if ready.get(member, not why) else BAD
        x = width // 2 + number * width
        yield Box(x, 3, min(230, width - 16), (f"Nacos node{number + 1}", member, where), fill)


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
        f'<text x="{box.x}" y="{first + 18 * number}" text-anchor="middle" fill="#111" '
        f'font-weight="{"normal" if number else "bold"}">{html.escape(line)}</text>'
        for number, line in enumerate(box.lines)
    )
    return frame + "".join(texts)
