"""Checks of the Nacos cluster and of the way to it through the VIP (figure 4.25)."""

from __future__ import annotations

from runbook_lib.chapter.nacos import Member, Published, asker, cluster_members, read_configuration
from runbook_lib.checks.verdict import Check, Verdict
from runbook_lib.hosts import OpenSite

TITLE = "<title>Nacos</title>"


def nacos_ready(site: OpenSite) -> Check:
    """Check `nacos.ready`: every member is ready, and all name one leader."""
    claim = f"All {len(site.model.nacos.members)} Nacos members are ready and agree on a leader."
    return Check("nacos.ready", claim, "08", lambda: judge_members(cluster_members(site)))


def judge_members(members: tuple[Member, ...]) -> Verdict:
    """FAILED while one is not ready, or two name different leaders. Pure."""
    ready = [member.address for member in members if member.ready]
    leaders = sorted({member.leader for member in members if member.ready})
    observed = f"{len(ready)} of {len(members)} ready, leader {', '.join(leaders) or 'unknown'}"
    if lacking := [member.address for member in members if not member.ready]:
        return Verdict.failed(
            f"{observed}; not ready: {', '.join(lacking)}",
            "They need half a minute after a boot; then: systemctl status 'nacos@*' on their machine. "
            "Refused from other machines only: notebook 01 opens their ports.",
        )
    if len(leaders) != 1 or not leaders[0]:
        return Verdict.failed(observed, "An election is on, or the members can't reach each other's Raft ports.")
    return Verdict.passed(observed)


def nacos_console(site: OpenSite) -> Check:
    """Check `nacos.console`: the console's page comes through the VIP (figure 4.25)."""
    url = f"http://{site.model.vip_address}:{site.model.openresty.port}/nacos/"

    def observe() -> Verdict:
        asked = asker(site).run("curl -sSL -m 5 %s", url)
        return judge_page(asked.stdout, asked.stderr)

    return Check("nacos.console", f"{url} shows the console of Nacos.", "08", observe)


def judge_page(page: str, error: str) -> Verdict:
    """FAILED for anything but the console's page. Pure."""
    if TITLE in page:
        return Verdict.passed(f"a page of {len(page)} bytes with {TITLE}")
    if not page:
        said = error.strip().splitlines()[-1:] or ["nothing"]
        return Verdict.failed(f"no page: {said[0]}", "Nobody answers at the VIP: look at vip.one-holder.")
    if "502" in page or "504" in page:
        return Verdict.failed("an entry answered, no Nacos behind it", "Look at nacos.ready.")
    return Verdict.failed(f"another page: {page[:80]!r}", "Is it an OpenResty of another configuration? Notebook 01.")


def configuration_reads_back(site: OpenSite, published: Published) -> Check:
    """Check `nacos.configuration-reads-back`: what was published through the VIP is what all give."""
    vip = f"{site.model.vip_address}:{site.model.openresty.port}"

    def observe() -> Verdict:
        read = {at: read_configuration(site, published, at) for at in (vip, *site.model.nacos.members)}
        wrong = [at for at, value in read.items() if value != published.value]
        if wrong:
            return Verdict.failed(
                f"{', '.join(wrong)} gave {read[wrong[0]]!r}, not {published.value!r}",
                "A member that lags catches up within a second or two; else look at nacos.ready.",
            )
        return Verdict.passed(f"{published.value!r} from the VIP and from {len(read) - 1} members")

    claim = "The value that was published through the VIP is read back there, and from every member."
    return Check("nacos.configuration-reads-back", claim, "08", observe)
