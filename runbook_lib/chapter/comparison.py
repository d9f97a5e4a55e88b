"""The two configurations side by side, for the reader: what must be equal, and what must differ."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from runbook_lib.chapter.config import installed_configuration
from runbook_lib.hosts import OpenSite
from runbook_lib.keepalived_conf.model import Instance
from runbook_lib.keepalived_conf.parser import parse_configuration


@dataclass(frozen=True)
class Compared:
    """One setting as both files have it."""

    setting: str
    master: str
    backup: str
    must: str


def _weight(instance: Instance) -> str:
    return " ".join(str(tracked.weight or "none: FAULT") for tracked in instance.tracked) or "no script"


_ROWS: tuple[tuple[str, Callable[[Instance], object], str], ...] = (
    ("version", lambda i: i.version, "be equal"),
    ("virtual_router_id", lambda i: i.router_id, "be equal"),
    ("advert_int (s)", lambda i: f"{i.advert_int_s:g}", "be equal"),
    ("auth_pass", lambda i: i.auth[1] if i.auth else "none", "be equal"),
    ("virtual_ipaddress", lambda i: " ".join(i.vips), "be equal"),
    ("priority", lambda i: i.priority, "be higher on the MASTER"),
    ("state", lambda i: i.state, "differ, but for nopreempt"),
    ("nopreempt", lambda i: "yes" if i.nopreempt else "no", "come with BACKUP on both"),
    ("weight", _weight, "be none, or outweigh the gap"),
)


def side_by_side(site: OpenSite) -> tuple[Compared, ...]:
    """What both nodes' files say, setting by setting; empty cells where there is no file."""
    texts = [installed_configuration(host) or "" for host in site.nodes]
    return compare(*texts)


def compare(master: str, backup: str) -> tuple[Compared, ...]:
    """The rows for two files' texts. Pure."""
    first, second = (next(iter(parse_configuration(text).instances), None) for text in (master, backup))
    return tuple(Compared(name, _said(read, first), _said(read, second), must) for name, read, must in _ROWS)


def _said(read: Callable[[Instance], object], instance: Instance | None) -> str:
    return "" if instance is None else str(read(instance))
