"""Notebook 90: take away what the runbook put on the nodes, and nothing else; put back what stood there before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from runbook_lib.chapter import firewall, openresty
from runbook_lib.chapter.build import WORK
from runbook_lib.chapter.change import Action, Change, Command
from runbook_lib.chapter.check_script import SCRIPT
from runbook_lib.chapter.client import application_found, plan_removal, plan_withdrawal
from runbook_lib.chapter.config import CONFIG
from runbook_lib.chapter.operation import operation
from runbook_lib.chapter.ownership import STATE, is_ours, put_back
from runbook_lib.chapter.provenance import PROVENANCE_FILE
from runbook_lib.chapter.rendering import template
from runbook_lib.chapter.service import BINARY, FOLDER, UNIT, UNIT_FILE
from runbook_lib.hosts import Host, OpenSite
from runbook_lib.site import Site


@dataclass(frozen=True)
class Left:
    """What of ours is on a node."""

    service: bool
    """Our unit, and with it the binary on the path."""
    config: bool
    script: bool
    build: bool
    """What stands under keepalived's prefix."""
    entry: bool
    """OpenResty as notebook 01 laid it out."""
    openings: tuple[str, ...]
    """What we let through the firewall."""
    previous: tuple[str, ...]
    """Older versions of our own files."""
    records: tuple[str, ...]
    """What is in our own folder: openings, undos of faults, saved configurations, the probe."""

    @property
    def parts(self) -> tuple[str, ...]:
        """By name, for a reader."""
        named = (
            ("its unit and binary", self.service),
            ("keepalived.conf", self.config),
            ("the check script", self.script),
            ("the build", self.build),
            ("OpenResty's layout", self.entry),
            ("openings in the firewall", bool(self.openings)),
            ("older versions of files", bool(self.previous)),
            (f"files in {STATE}", bool(self.records)),
        )
        return tuple(name for name, there in named if there)


def left_on(host: Host, site: Site) -> Left:
    """What of ours is on a host now."""
    script = host.read_text(SCRIPT)
    older = host.run("ls -d %s %s %s %s", *(f"{p}.{end}" for p in (CONFIG, SCRIPT) for end in ("previous", "staged")))
    return Left(
        service=is_ours(host.read_text(UNIT_FILE)),
        config=is_ours(host.read_text(CONFIG)),
        script=is_ours(script) or script == template("chapter_check.sh"),
        build=host.read_file(f"{site.keepalived.prefix}/{PROVENANCE_FILE}") is not None,
        entry=is_ours(host.read_text(openresty.launcher(site))),
        openings=firewall.recorded_openings(host),
        previous=tuple(older.stdout.split()),  # `ls` says 2 for those that are not there
        records=tuple(host.run("find %s -type f", STATE).stdout.split()),
    )


def plan_clean_up(host: str, found: Left, site: Site) -> Change:
    """Stop, disable and remove what is ours, in the order opposite to the chapter's. Pure."""
    if not found.parts:
        return Change.none(host, "nothing of the runbook is here")
    return Change(host, "take away what the runbook put here", tuple(_actions(found, site)), ", ".join(found.parts))


def _actions(found: Left, site: Site) -> Iterator[Action]:
    if found.service:
        yield Command("systemctl disable --now %s", (UNIT,))
        yield put_back(UNIT_FILE)
        yield put_back(BINARY)
        yield Command("systemctl daemon-reload && systemctl reset-failed %s 2>/dev/null || :", (UNIT,))
    for path, ours in ((SCRIPT, found.script), (CONFIG, found.config), (site.keepalived.prefix, found.build)):
        if ours:
            yield put_back(path)
    if found.previous:
        yield Command(f"rm -f{' %s' * len(found.previous)}", found.previous)
    yield Command("rm -rf %s && rmdir --ignore-fail-on-non-empty %s 2>/dev/null || :", (WORK, FOLDER))
    yield from (_close(opening) for opening in found.openings)
    if found.entry:
        yield from _remove_entry(site)
    yield Command("rm -rf %s", (STATE,))


def _close(opening: str) -> Command:
    # It may be closed already, or firewalld be gone: what counts is that it is not open.
    option = f"--remove-{opening}"
    return Command("firewall-cmd --quiet --permanent %s; firewall-cmd --quiet %s; :", (option, option))


def _remove_entry(site: Site) -> Iterator[Action]:
    unit, prefix = site.openresty.unit, site.openresty.prefix
    yield Command("systemctl disable --now %s; pkill -x openresty; :", (unit,))
    yield put_back(openresty.unit_file(site))
    yield put_back(openresty.configuration(site))
    yield Command("systemctl daemon-reload")
    # nginx makes its own folders beside ours; whatever else is in the prefix stays.
    yield Command(
        "rm -f %s %s && rm -rf %s && find %s -depth -type d -empty -delete",
        (
            openresty.launcher(site),
            f"{prefix}/nginx/sbin/openresty",
            f"{prefix}/nginx/logs",
            prefix,
        ),
    )


def machines_cleaned(site: OpenSite) -> tuple[Host, ...]:
    """The BACKUP first: so the VIP does not move before it goes; the observer, where it is a machine of its own."""
    nodes = tuple(reversed(site.nodes))
    return nodes if site.observer is None or site.observer in nodes else (*nodes, site.observer)


@operation("90", "Take away what the runbook put on the machines")
def clean_up(site: OpenSite) -> tuple[Change, ...]:
    """The application, then both nodes and the observer."""
    client: tuple[Change, ...] = ()
    if site.client is not None:
        client = (plan_withdrawal(site), plan_removal(site.client.name, application_found(site.client)))
    others = (plan_clean_up(host.name, left_on(host, site.model), site.model) for host in machines_cleaned(site))
    return (*client, *others)
