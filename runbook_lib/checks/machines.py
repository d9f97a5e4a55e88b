"""Checks of the machines before anything is done to them: reachable, root, systemd, room, clock, address."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_lib.chapter.machines import Facts, machine_facts
from runbook_lib.checks.pair import without_name, worse
from runbook_lib.checks.verdict import Check, Verdict
from runbook_lib.errors import HostError
from runbook_lib.hosts import ClockOffset, OpenSite, clock_offset
from runbook_lib.site import Machine, Site

NEED_MIB = 300
CLOCK_S = 1.0


def machines_ready(site: OpenSite) -> Check:
    """Check `machines.ready`: every machine answers SSH as root, with systemd, room on its disk, and its address."""

    def observe() -> Verdict:
        return worse((machine.name, _machine(site, machine)) for machine in site.model.machines)

    claim = "Every machine answers SSH as root, runs systemd, has room, and has its address."
    return Check("machines.ready", claim, "00", observe)


def _machine(site: OpenSite, machine: Machine) -> Verdict:
    try:
        facts = machine_facts(site.hosts[machine.name])
    except HostError as error:
        return Verdict.failed(without_name(error.what, machine.name), error.todo)
    return judge_machine(facts, site.model, machine)


def judge_machine(facts: Facts, site: Site, machine: Machine) -> Verdict:
    """FAILED for the first thing that a machine of the site lacks. Pure."""
    for wrong, observed, hint in _lacks(facts, site, machine):
        if wrong:
            return Verdict.failed(observed, hint)
    where = ", ".join(_interfaces(facts, machine.address))
    return Verdict.passed(f"{facts.release}, {facts.free_mib} MiB of disk free, {machine.address} on {where}")


def _lacks(facts: Facts, site: Site, machine: Machine) -> Iterator[tuple[bool, str, str]]:
    """What could be wrong, in the order in which it is to be mended: whether it is, what was seen, what to do."""
    is_node, address = machine in site.nodes.pair, machine.address
    where = _interfaces(facts, address)
    yield facts.user_id != 0, f"user id {facts.user_id}", "Set ssh.user: root, or ssh.sudo: true."
    yield facts.init != "systemd", f"its init is {facts.init}", "The runbook needs systemd (CentOS 7 has it)."
    room = f"The build needs {NEED_MIB} MiB on the disk of /var/lib."
    yield is_node and facts.free_mib < NEED_MIB, f"{facts.free_mib} MiB of disk free", room
    yield not where, f"{address} is not its address", "Is another machine at this SSH address?"
    elsewhere = f"{address} is on {', '.join(where)}, not on {site.interface}"
    yield is_node and site.interface not in where, elsewhere, "Correct `interface` in the parameters."
    out = bool(set(where) & set(facts.without_carrier))
    yield out, f"the cable of {', '.join(where)} is out", _plug(machine.name, site)


def hint_for_cables(site: OpenSite) -> str:
    """Which node's cable to put in before anything else is looked for between them; empty where both are in.

    Raises HostError where a node can't be asked.
    """
    out = (host for host in site.nodes if site.model.interface in machine_facts(host).without_carrier)
    return " ".join(_plug(host.name, site.model) for host in out)


def _plug(machine: str, site: Site) -> str:
    if site.substrate == "lab":
        return f"Put {machine}'s cable in: runbook lab plug {machine} --name {site.lab.name}; a run does it, too."
    return f"Put {machine}'s cable in."


def _interfaces(facts: Facts, address: str) -> tuple[str, ...]:
    return tuple(name for name, found in facts.addresses if found.partition("/")[0] == address)


def machines_clocks(site: OpenSite) -> Check:
    """Check `machines.clocks`: the nodes' clocks agree, so that their journals can be laid beside each other."""

    def observe() -> Verdict:
        first, second = (clock_offset(host) for host in site.nodes)
        return judge_clocks(first.against(second))

    return Check("machines.clocks", f"The nodes' clocks agree within {CLOCK_S:g} s.", "00", observe)


def judge_clocks(apart: ClockOffset) -> Verdict:
    """WARNED when one is certainly further from the other: only the reading of logs suffers. Pure."""
    off_s = abs(apart.offset_s)
    if off_s - apart.error_s > CLOCK_S:
        return Verdict.warned(f"{off_s:.1f} s apart", "Run chrony or another NTP client on both.")
    return Verdict.passed(f"{off_s:.2f} s apart, give or take {apart.error_s:.2f} s")
