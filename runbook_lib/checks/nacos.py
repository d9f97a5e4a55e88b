"""Checks of the Nacos cluster and of the way to it through the VIP (figure 4.25)."""

from __future__ import annotations

from dataclasses import replace

from runbook_lib.chapter.nacos import Configuration, Member, Reading, cluster_members, read_everywhere
from runbook_lib.checks.verdict import Check, Verdict
from runbook_lib.hosts import OpenSite

TITLE = "<title>Nacos</title>"


def nacos_ready(site: OpenSite) -> Check:
    """Check `nacos.ready`: every member is ready, and all name one leader."""
    claim = f"All {len(site.model.nacos.members)} Nacos members are ready and agree on a leader."
    return Check("nacos.ready", claim, "08", lambda: judge_members(cluster_members(site), site.model.lab.name))


def judge_members(members: tuple[Member, ...], lab: str) -> Verdict:
    """FAILED while one is not ready, or two name different leaders; `lab`: its name, for the hint. Pure."""
    ready = [member.address for member in members if member.ready]
    leaders = sorted({member.leader for member in members if member.ready})
    leading = ", ".join(leader or "unknown" for leader in leaders) or "unknown"
    observed = f"{len(ready)} of {len(members)} ready, leader {leading}"
    if lacking := [member.address for member in members if not member.ready]:
        return Verdict.failed(
            f"{observed}; not ready: {', '.join(lacking)}",
            "Where ports.reachable fails, notebook 01 opens its port. Else they need half a minute after a boot, more "
            f"on a busy machine: wait, then run again. In the lab: runbook lab exec node128 --name {lab} -- "
            "systemctl status 'nacos@*'.",
        )
    if len(leaders) != 1 or not leaders[0]:
        return Verdict.failed(observed, "An election is on, or the members can't reach each other's Raft ports.")
    return Verdict.passed(observed)


def nacos_console(site: OpenSite) -> Check:
    """Check `nacos.console`: the console's page comes through the VIP (figure 4.25)."""
    url = f"http://{site.vip_http}/nacos/"

    def observe() -> Verdict:
        asked = site.asker.run("curl -sSL -m 5 %s", url)
        return judge_page(asked.stdout, asked.stderr)

    return Check("nacos.console", f"{url} shows the console of Nacos.", "08", observe)


def judge_page(page: str, error: str) -> Verdict:
    """FAILED for anything but the console's page. Pure."""
    if TITLE in page:
        return Verdict.passed(f"a page of {len(page)} bytes with {TITLE}")
    if not page:
        said = error.strip().splitlines()[-1:] or ["nothing"]
        hint = "Nobody answers at the VIP: look at vip.one-holder; where vip.answers is good, at nacos.ready."
        return Verdict.failed(f"no page: {said[0]}", hint)
    if "502 Bad Gateway" in page or "504 Gateway" in page:
        return Verdict.failed("an entry answered, no Nacos behind it", "Look at nacos.ready.")
    return Verdict.failed(f"another page: {page[:80]!r}", "Is it an OpenResty of another configuration? Notebook 01.")


def configuration_reads_back(site: OpenSite, published: Configuration) -> Check:
    """Check `nacos.configuration-reads-back`: what was published through the VIP is what all give."""
    claim = "The value that was published through the VIP is read back there, and from every member."
    wanted = Reading(200, published.value)
    return Check(
        "nacos.configuration-reads-back", claim, "08", lambda: judge_readings(read_everywhere(site, published), wanted)
    )


def configuration_withdrawn(site: OpenSite, published: Configuration) -> Check:
    """Check `nacos.configuration-withdrawn`: nobody has it any more."""

    def observe() -> Verdict:
        found = {at: replace(reading, value="") for at, reading in read_everywhere(site, published).items()}
        return judge_readings(found, Reading(404, ""))

    claim = "The value that was withdrawn is gone, at the VIP and from every member."
    return Check("nacos.configuration-withdrawn", claim, "08", observe)


def judge_readings(found: dict[str, Reading], wanted: Reading) -> Verdict:
    """FAILED while one gives something else. Pure."""
    wrong = {at: reading for at, reading in found.items() if reading != wanted}
    if wrong:
        first = next(iter(wrong.values()))
        observed = f"{', '.join(wrong)} gave {first.status} {first.value!r}, not {wanted.status} {wanted.value!r}"
        return Verdict.failed(
            observed, "A member that lags catches up within a second or two; else look at nacos.ready."
        )
    return Verdict.passed(f"{wanted.status} {wanted.value!r} from the VIP and from {len(found) - 1} members")
