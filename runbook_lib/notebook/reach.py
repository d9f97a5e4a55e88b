"""Is every machine of a site there? Asked before anything is changed on any of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from runbook_lib.errors import UnreachableError
from runbook_lib.hosts import Endpoint, Host, OpenSite


def unreachable(site: OpenSite) -> dict[str, UnreachableError]:
    """By machine name why it can't be reached; all are asked at once. Opens the sessions that are used later."""
    with ThreadPoolExecutor(max_workers=max(1, len(site.hosts))) as pool:
        failed = dict(zip(site.hosts, pool.map(_why_not, site.hosts.values()), strict=True))
    return {name: error for name, error in failed.items() if error is not None}


def require_all(site: OpenSite) -> None:
    """Raises the UnreachableError of the first machine that can't be reached."""
    for error in unreachable(site).values():
        raise error


def without(site: OpenSite, lost: dict[str, UnreachableError]) -> OpenSite:
    """The same site, whose lost machines say so at once: not after a timeout at every question."""
    return replace(site, hosts={name: _lost(host, site, lost) for name, host in site.hosts.items()})


def _why_not(host: Host) -> UnreachableError | None:
    try:
        host.run("true", timeout_s=20)
    except UnreachableError as error:
        return error
    return None


def _lost(host: Host, site: OpenSite, lost: dict[str, UnreachableError]) -> Host:
    if host.name not in lost:
        return host

    def endpoint() -> Endpoint:
        raise lost[host.name]

    return Host(endpoint, site.journal, name=host.name)
