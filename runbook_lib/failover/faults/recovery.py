"""Faults that nobody holds any more: what is active now, and the undo of all of it."""

from __future__ import annotations

from runbook_lib.errors import FaultError, HostError
from runbook_lib.failover.faults import lab_faults, node_record
from runbook_lib.failover.faults.catalogue import FAULTS
from runbook_lib.failover.faults.confirming import probe, wait_until
from runbook_lib.hosts import Host, OpenSite
from runbook_lib.journal import FaultUndone


def refuse_while_active(site: OpenSite) -> None:
    """Raises FaultError where a fault is on already: the undo of one would end the other, or miss its own end."""
    if site.model.substrate == "lab" and (away := lab_faults.machines_away(site)):
        raise _active(away[0])
    for host in site.nodes:
        for record in node_record.recorded_faults(host):
            raise _active(f"{fault_of(record)} is active on {host.name}")


def refuse_while_recorded(site: OpenSite) -> None:
    """The same for what the nodes say, where machines without power or cable would be noticed anyhow.

    A demonstration is no fault: it records what it found, and has faults of its own.
    """
    for host in site.nodes:
        for record in node_record.recorded_faults(host):
            if fault_of(record) in FAULTS:
                raise _active(f"{fault_of(record)} is active on {host.name}")


def undo_recorded_faults(site: OpenSite) -> tuple[str, ...]:
    """Undo what nobody holds any more: machines of the lab without power or cable, faults on the nodes.

    The names of what was undone, for the reader. Raises HostError or LabError when something can't be undone, after
    everything else was.
    """
    undone = lab_faults.restore_machines(site) if site.model.substrate == "lab" else []
    failed: list[HostError] = []
    for host in site.nodes:
        try:
            for record in node_record.recorded_faults(host):
                _undo(site, host, record)
                undone.append(f"{host.name}: {record} undone")
        except HostError as error:
            failed.append(error)
    if failed:
        raise failed[0]
    return tuple(undone)


def left_on(site: OpenSite) -> tuple[str, ...]:
    """What a run would undo first: `node129 has no cable`, `node128: block-vrrp-both-1a2b3c4d`. Raises HostError."""
    away = lab_faults.machines_away(site) if site.model.substrate == "lab" else []
    return (*away, *recorded(site))


def recorded(site: OpenSite) -> tuple[str, ...]:
    """What the nodes remember and was not undone: `node128: block-vrrp-both-1a2b3c4d`. Raises HostError."""
    return tuple(f"{host.name}: {record}" for host in site.nodes for record in node_record.recorded_faults(host))


def fault_of(record: str) -> str:
    """The fault's name in that of a record: `stop-keepalived-1a2b3c4d`. Pure."""
    return record.rpartition("-")[0]


def _active(what: str) -> FaultError:
    return FaultError(f"A fault is on already: {what}.", "Undo it first: runbook fault recover -f FILE")


def _undo(site: OpenSite, host: Host, record: str) -> None:
    node_record.run_undo(host, record)
    gone = record not in node_record.recorded_faults(host) and _nothing_left(site, host, record)
    site.journal.write(FaultUndone(fault_id=record, confirmed=gone))
    if not gone:
        raise HostError(
            f"{host.name}: the undo of {record} ran, but is not confirmed.",
            f"Look there: systemctl --failed, and {node_record.FOLDER}/",
        )


def _nothing_left(site: OpenSite, host: Host, record: str) -> bool:
    """Whether the fault's own probe says so; a demonstration has none."""
    fault = FAULTS.get(fault_of(record))
    if fault is None:
        return True
    return wait_until(lambda: probe(host, fault.commands(site.model).confirm), fault.back_within_s)
