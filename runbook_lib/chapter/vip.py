"""Chapter step 11 and figure 4.25: who holds the VIP, and who answers through it."""

from __future__ import annotations

from dataclasses import dataclass

from runbook_lib.chapter.answers import whole_number
from runbook_lib.hosts import Host, OpenSite

GIVE_UP_S = 2
"""Longer than any good answer takes, shorter than a reader waits."""


def holds_vip(host: Host, vip: str) -> bool:
    """Whether a host has the VIP on any interface now: the chapter's `ip addr`, read by the machine."""
    return parse_holds_vip(host.run("ip -4 -o addr show").check().stdout, vip)


def parse_holds_vip(addresses: str, vip: str) -> bool:
    """Whether `ip -o addr show`'s lines have the address (without prefix length). Pure."""
    return any(word.partition("/")[0] == vip for line in addresses.splitlines() for word in line.split()[3:4])


def vip_holders(site: OpenSite) -> tuple[str, ...]:
    """The names of the nodes that have the VIP: one is right, two are split brain."""
    return tuple(host.name for host in site.nodes if holds_vip(host, site.model.vip_address))


@dataclass(frozen=True)
class Answer:
    """What came back from an entry, asked through the VIP or by its own address."""

    asker: str
    """The machine that asked."""
    status: int
    """HTTP status; 0: no answer."""
    entry: str
    """Name of the entry that answered (the header X-Entry); empty: it doesn't say."""
    error: str
    """Why there was no answer."""


def answer_through_vip(site: OpenSite, path: str = "/entry") -> Answer:
    """Ask for a page through the VIP, from the observer, or from the BACKUP where the site has none."""
    return ask_page(site.asker, f"http://{site.vip_http}{path}")


def answer_of_entry(site: OpenSite, node: Host) -> Answer:
    """Ask the entry of one node by the node's own address, from the other node."""
    pair = site.model.nodes
    address, asker = (pair.master.address, site.backup) if node is site.master else (pair.backup.address, site.master)
    return ask_page(asker, f"http://{address}:{site.model.openresty.port}/entry")


def ask_page(asker: Host, url: str) -> Answer:
    """Ask for a page from one machine; no answer is an Answer too."""
    # Any exit status of curl is an answer: 7 refused, 28 timeout, 22 never (no --fail).
    ran = asker.run("curl --silent --show-error --max-time %s --output /dev/null --dump-header - %s", GIVE_UP_S, url)
    return parse_answer(asker.name, ran.stdout, ran.stderr)


def parse_answer(asker: str, headers: str, error: str) -> Answer:
    """curl's dumped headers as an Answer. Pure."""
    lines = headers.splitlines()
    words = lines[0].split() if lines else []
    status = (whole_number(words[1]) if len(words) > 1 else None) or 0
    named = (line.partition(":")[2].strip() for line in lines[1:] if line.lower().startswith("x-entry:"))
    said = error.strip().splitlines()
    return Answer(asker, status, next(named, ""), "" if status else (said[-1] if said else "no answer"))
