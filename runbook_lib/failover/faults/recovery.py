"""Faults that nobody holds any more: what is on now, and the undo of all of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from runbook_lib.chapter.undo_folder import FOLDER, recorded
from runbook_lib.errors import FaultError, HostError, RunbookError
from runbook_lib.failover.faults import lab_faults, node_record
from runbook_lib.failover.faults.catalogue import FAULTS, Fault
from runbook_lib.failover.faults.confirming import probe, wait_until
from runbook_lib.failover.faults.traces import OnNode, fault_of, on_node
from runbook_lib.hosts import Host, OpenSite
from runbook_lib.journal import FaultUndone


def refuse_while_active(site: OpenSite) -> None:
    """Raises FaultError where a fault is on already: the undo of one would end the other, or miss its own end."""
    if site.model.substrate == "lab" and (away := lab_faults.machines_away(site)):
        raise _active(away[0])
    for host in site.nodes:
        _refuse(host, on_node(host, site.model))


def refuse_while_recorded(site: OpenSite) -> None:
    """The same for what is on the nodes, where machines without power or cable would be noticed anyhow.

    A demonstration is no fault: it records what it found, and has faults of its own.
    """
    for host in site.nodes:
        found = on_node(host, site.model)
        records = tuple(record for record in found.recorded.records if fault_of(record) in FAULTS)
        _refuse(host, replace(found, recorded=replace(found.recorded, records=records)))


def undo_recorded_faults(site: OpenSite) -> tuple[str, ...]:
    """Undo what nobody holds any more: machines of the lab without power or cable, faults on the nodes.

    A fault whose record was lost is known by its effect. What was undone, for the reader, and what was left alone.
    Raises HostError or LabError when something can't be undone, after everything else was.
    """
    undone: list[str] = []
    failed: list[RunbookError] = []
    try:
        undone += lab_faults.restore_machines(site) if site.model.substrate == "lab" else []
    except RunbookError as error:
        failed.append(error)
    for host in site.nodes:
        for undo in (_undo_records, _undo_effects):
            try:
                undo(site, host, undone, failed)
            except RunbookError as error:
                failed.append(error)
    if len(failed) > 1:
        raise HostError(" ".join(error.what for error in failed), failed[0].todo)
    if failed:
        raise failed[0]
    return tuple(undone)


def left_on(site: OpenSite) -> tuple[str, ...]:
    """What a run would undo first: `node129 has no cable`, `node128: block-vrrp-both-1a2b3c4d`. Raises HostError."""
    if site.model.substrate != "lab":
        return left_on_nodes(site)
    off = lab_faults.powered_off(site)
    return (*lab_faults.machines_away(site), *left_on_nodes(site, without=off))


def left_on_nodes(site: OpenSite, without: Collection[str] = ()) -> tuple[str, ...]:
    """What is on at the nodes, recorded or not, `without` those that can't be asked. Raises HostError."""
    asked = (host for host in site.nodes if host.name not in without)
    return tuple(f"{host.name}: {what}" for host in asked for what in on_node(host, site.model).on)


def _refuse(host: Host, found: OnNode) -> None:
    for record in found.recorded.records:
        raise _active(f"{fault_of(record)} is active on {host.name}")
    for fault in found.unrecorded:
        raise _active(f"{host.name} shows the effect of {fault.name}")


def _active(what: str) -> FaultError:
    return FaultError(f"A fault is on already: {what}.", "Undo it first: runbook fault recover -f FILE")


def _undo_records(site: OpenSite, host: Host, undone: list[str], failed: list[RunbookError]) -> None:
    """Run every undo that the node holds; the node itself walks its folder, no name of its comes back to it."""
    within_s = node_record.UNDO_WITHIN_S * (1 + len(recorded(host).records))
    ran = host.run("sh -c %s", node_record.render_undo_every(), timeout_s=within_s).check()
    said = [line.partition(" ")[::2] for line in ran.stdout.splitlines()]
    for outcome, record in ((outcome, record) for outcome, record in said if outcome in ("undone", "failed")):
        fault = FAULTS.get(fault_of(record))
        gone = outcome == "undone" and (fault is None or _nothing_left(site, host, fault))
        _note(site, host, record, ran.stderr, failed, gone=gone)
        if gone:
            undone.append(f"{host.name}: {record} undone")


def _undo_effects(site: OpenSite, host: Host, undone: list[str], failed: list[RunbookError]) -> None:
    """Undo what is seen without a record of it."""
    found = on_node(host, site.model)
    for fault in found.unrecorded:
        undo = node_record.render_twice(fault.commands(site.model).undo)
        ran = host.run("sh -c %s", undo, timeout_s=node_record.UNDO_WITHIN_S)
        gone = ran.exit_status == 0 and _nothing_left(site, host, fault)
        _note(site, host, fault.name, ran.stderr, failed, gone=gone)
        if gone:
            undone.append(f"{host.name}: {fault.name} undone, of which only the effect was left")
    undone += [f"{host.name}: {other}, left alone" for other in found.others]


def _note(site: OpenSite, host: Host, what: str, stderr: str, failed: list[RunbookError], *, gone: bool) -> None:
    """Journal what became of an undo; one that is not confirmed has failed, and the others get their turn."""
    site.journal.write(FaultUndone(fault_id=what, confirmed=gone))
    if not gone:
        failed.append(_not_undone(host, what, stderr))


def _nothing_left(site: OpenSite, host: Host, fault: Fault) -> bool:
    """Whether the fault's own probe says so."""
    return wait_until(lambda: probe(host, fault.commands(site.model).confirm), fault.back_within_s)


def _not_undone(host: Host, what: str, stderr: str) -> HostError:
    said = f" It returned: {stderr.strip()}" if stderr.strip() else ""
    return HostError(
        f"{host.name}: the undo of {what} ran, but is not confirmed.{said}",
        f"Look at {FOLDER}/ there, and at the units that it names: journalctl -b -n 50",
    )
