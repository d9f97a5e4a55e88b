"""Notebook 90: take away what the runbook put on the nodes, and nothing else; put back what stood there before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from runbook_lib.chapter import firewall, openresty, undo_folder
from runbook_lib.chapter.build import clear_leftovers
from runbook_lib.chapter.change import STAGED, Action, Change, Command
from runbook_lib.chapter.check_script import SCRIPT
from runbook_lib.chapter.client import application_found, plan_removal, plan_withdrawal
from runbook_lib.chapter.config import CONFIG
from runbook_lib.chapter.operation import operation
from runbook_lib.chapter.ownership import (
    ASIDE,
    BEFORE,
    STATE,
    is_ours,
    nothing_stood,
    restore_unit,
    restored,
    those_there,
    unit_record,
)
from runbook_lib.chapter.provenance import PROVENANCE_FILE
from runbook_lib.chapter.rendering import template
from runbook_lib.chapter.service import BINARY, FOLDER, NEW, UNIT, UNIT_FILE, file_hash, is_placed
from runbook_lib.errors import HostError
from runbook_lib.hosts import Host, OpenSite
from runbook_lib.site import Site


@dataclass(frozen=True)
class Left:
    """What of ours is on a node: of the places that we know, those where something was found."""

    ours: frozenset[str] = frozenset()
    """Where something of ours stands."""
    kept: frozenset[str] = frozenset()
    """Beside which that waits which stood there before us."""
    aside: frozenset[str] = frozenset()
    """Beside which that is kept which somebody put there later."""
    units: frozenset[str] = frozenset()
    """Of which it is noted whether they ran and were enabled before us."""
    openings: tuple[str, ...] = ()
    """What we let through the firewall."""
    other_openings: bool = False
    """More is noted as ours than these parameters ask for."""
    half_done: bool = False
    """Files that wait under a name of ours until a step is done: it was interrupted."""
    records: bool = False
    """Files in our own folder: openings, saved configurations, the probe."""

    def has(self, *paths: str) -> bool:
        """Whether at one of these something is to be taken away or put back."""
        return not (self.ours | self.kept).isdisjoint(paths)

    def parts(self, site: Site) -> tuple[str, ...]:
        """By name, for a reader."""
        named = (
            ("its unit and binary", self.has(UNIT_FILE, BINARY)),
            ("keepalived.conf", self.has(CONFIG)),
            ("the check script", self.has(SCRIPT)),
            ("the build", self.has(site.keepalived.prefix)),
            ("OpenResty's layout", self.has(*entry_places(site))),
            ("openings in the firewall", bool(self.openings)),
            ("files of an interrupted step", self.half_done),
            *((f"whether {unit} ran before", True) for unit in sorted(self.units)),
            (f"files in {STATE}", self.records),
        )
        return tuple(name for name, there in named if there)


def entry_places(site: Site) -> tuple[str, ...]:
    """Where notebook 01 writes. Pure."""
    return openresty.launcher(site), openresty.configuration(site), openresty.unit_file(site), openresty.link(site)


def half_done(site: Site) -> tuple[str, ...]:
    """Where files wait until a step is done, each ours by its name. Pure."""
    return CONFIG + STAGED, openresty.configuration(site) + STAGED, BINARY + NEW


def remains_on(host: Host, site: Site) -> Left:
    """What of ours is on a host now."""
    places = (UNIT_FILE, BINARY, CONFIG, SCRIPT, site.keepalived.prefix, *entry_places(site))
    units = (site.openresty.unit, UNIT)
    asked = [name for p in places for name in (p + BEFORE, p + ASIDE, nothing_stood(p))]
    there = those_there(host, *asked, *half_done(site), *map(unit_record, units))
    kept = frozenset(path for path in places if path + BEFORE in there)
    recorded = firewall.recorded_openings(host)
    openings = tuple(o for o in firewall.possible_openings(site, host.name) if o in recorded)
    return Left(
        ours=_ours(host, site, noted=SCRIPT in kept or nothing_stood(SCRIPT) in there),
        kept=kept,
        aside=frozenset(path for path in places if path + ASIDE in there),
        units=frozenset(unit for unit in units if unit_record(unit) in there),
        openings=openings,
        other_openings=not recorded <= set(openings),
        half_done=not there.isdisjoint(half_done(site)),
        records=host.run("find %s -type f", STATE).stdout != "",
    )


def _ours(host: Host, site: Site, *, noted: bool) -> frozenset[str]:
    """`noted`: before our first write of the script; the chapter's, as printed, may be somebody's own without that."""
    marked = (UNIT_FILE, CONFIG, SCRIPT, *entry_places(site)[:3])
    text = {path: host.read_text(path) for path in marked}
    binary, launcher = file_hash(host, BINARY), is_ours(text[openresty.launcher(site)])
    more = {
        SCRIPT: noted and text[SCRIPT] == template("chapter_check.sh"),
        BINARY: binary != "" and is_placed(host, binary, text[UNIT_FILE]),
        site.keepalived.prefix: host.read_file(f"{site.keepalived.prefix}/{PROVENANCE_FILE}") is not None,
        openresty.link(site): launcher,
    }
    return frozenset((*(p for p in marked if is_ours(text[p])), *(p for p, ours in more.items() if ours)))


def plan_clean_up(host: str, found: Left, site: Site) -> Change:
    """Stop, disable and remove what is ours, in the order opposite to the chapter's. Pure."""
    parts = found.parts(site)
    aside = ", ".join(f"{path}{ASIDE}" for path in sorted(found.aside))
    warning = f"left, as somebody put it there later: {aside}" if aside else ""
    if found.other_openings:
        warning += f"{'; ' if warning else ''}openings are noted in {firewall.RECORD} that these parameters don't have"
    if not parts:
        return Change(host, f"nothing of the runbook is here{f'; {warning}' if warning else ''}")
    actions = tuple(_actions(found, site))
    return Change(host, "take away what the runbook put here", actions, ", ".join(parts), warning=warning)


def _actions(found: Left, site: Site) -> Iterator[Action]:
    prefix = site.keepalived.prefix
    if found.has(UNIT_FILE, BINARY):
        yield Command("systemctl disable --now %s", (UNIT,))
        if found.has(openresty.launcher(site)):
            yield openresty.end_stray()
        yield from _restored(found, UNIT_FILE, BINARY)
        yield Command("systemctl daemon-reload && systemctl reset-failed %s 2>/dev/null || :", (UNIT,))
    yield from _restored(found, SCRIPT, CONFIG, prefix)
    if found.half_done:
        yield Command("rm -f %s %s %s", half_done(site))
    yield clear_leftovers(prefix)
    yield Command("rmdir --ignore-fail-on-non-empty %s 2>/dev/null || :", (FOLDER,))
    yield from (_close(opening) for opening in found.openings)
    if found.has(*entry_places(site)):
        yield from _remove_entry(found, site)
    yield from (restore_unit(unit) for unit in (site.openresty.unit, UNIT) if unit in found.units)
    yield undo_folder.forget()


def _restored(found: Left, *paths: str) -> Iterator[Action]:
    for path in paths:
        yield from restored(path, ours=path in found.ours, kept=path in found.kept)


def _close(opening: str) -> Command:
    # It may be closed already, or firewalld be gone: what counts is that it is not open.
    option = f"--remove-{opening}"
    return Command("firewall-cmd --quiet --permanent %s; firewall-cmd --quiet %s; :", (option, option))


def _remove_entry(found: Left, site: Site) -> Iterator[Action]:
    unit, prefix = site.openresty.unit, site.openresty.prefix
    if openresty.unit_file(site) in found.ours:
        yield Command("systemctl disable --now %s", (unit,))
    yield from _restored(found, *entry_places(site))
    yield Command("systemctl daemon-reload")
    # nginx makes its own folders beside ours; whatever else is in the prefix stays.
    if openresty.launcher(site) in found.ours:
        yield Command("rm -rf %s && find %s/ -depth -type d -empty -delete", (f"{prefix}/nginx/logs", prefix))


def machines_cleaned(site: OpenSite) -> tuple[Host, ...]:
    """The BACKUP first: so the VIP does not move before it goes; the observer, where it is a machine of its own."""
    nodes = tuple(reversed(site.nodes))
    return nodes if site.observer is None or site.observer in nodes else (*nodes, site.observer)


def _refuse_with_undo(host: Host) -> None:
    """Raises HostError while the undo of a fault is kept on a machine, without which the fault would stay on.

    What somebody else put there is no undo, and goes with the folder: it is refused, too, with other advice.
    """
    found = undo_folder.recorded(host)
    if found.records:
        what = f"{host.name}: a fault is on, its undo is in {undo_folder.FOLDER}."
        raise HostError(what, "Undo it first: runbook fault recover -f FILE")
    if found.others:
        others = ", ".join(f"{undo_folder.FOLDER}/{name}" for name in found.others)
        what = f"{host.name}: {others} is no undo of ours, and would go with that folder."
        raise HostError(what, f"Look at it on {host.name}, and move it away.")


@operation("90", "Take away what the runbook put on the machines")
def clean_up(site: OpenSite) -> tuple[Change, ...]:
    """The application, then both nodes and the observer. Raises HostError while a fault is on."""
    machines = machines_cleaned(site)
    for host in machines:
        _refuse_with_undo(host)
    client: tuple[Change, ...] = ()
    if site.client is not None:
        client = (plan_withdrawal(site), plan_removal(site.client.name, application_found(site.client)))
    return (*client, *(plan_clean_up(host.name, remains_on(host, site.model), site.model) for host in machines))
