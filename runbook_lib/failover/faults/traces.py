"""What of faults is on a node, by its records and by what is seen there: a record may be lost before its undo ran."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from runbook_lib.chapter.undo_folder import FOLDER, Recorded, parse_recorded, render_list
from runbook_lib.failover.faults.catalogue import FAULTS, Fault
from runbook_lib.failover.faults.process_faults import nacos_machine
from runbook_lib.hosts import Host
from runbook_lib.site import Site


@dataclass(frozen=True)
class OnNode:
    """What of faults is on a node."""

    recorded: Recorded
    unrecorded: tuple[Fault, ...]
    """Those whose effect is seen, and whose record is not there: one of each effect."""

    @property
    def on(self) -> tuple[str, ...]:
        """In words: `stop-keepalived-1a2b3c4d`, `block-vrrp-one-side, of which only the effect is left`."""
        seen = (f"{fault.name}, of which only the effect is left" for fault in self.unrecorded)
        return (*self.recorded.records, *seen)

    @property
    def others(self) -> tuple[str, ...]:
        """In words, what is no undo of ours."""
        return tuple(f"{FOLDER}/{name} is no undo of ours" for name in self.recorded.others)


def on_node(host: Host, site: Site) -> OnNode:
    """Look at a node's records and at every effect that leaves a trace, in one command. Raises HostError."""
    asked = traces_of(host.name, site)
    return parse_on_node(host.run("sh -c %s", render_look(asked)).check().stdout, asked)


def render_look(traces: Mapping[str, str]) -> str:
    """Shell that prints `record NAME`, `other NAME` and `trace FAULT`. Pure."""
    looks = (f"if ( {trace} ) >/dev/null 2>&1; then echo trace {name}; fi" for name, trace in traces.items())
    return "\n".join((render_list(), *looks))


def traces_of(node: str, site: Site) -> Mapping[str, str]:
    """The probe of each fault whose effect can be told from everything else, on this node. Pure.

    Of a Nacos that isn't the lab's own, a stop is nobody's business here.
    """
    machine = nacos_machine(site) if site.substrate == "lab" else None
    has_nacos = machine is not None and machine.name == node
    commands = {name: fault.commands(site) for name, fault in FAULTS.items() if fault.hits != "nacos" or has_nacos}
    return {name: told.trace for name, told in commands.items() if told.trace}


def parse_on_node(said: str, traces: Mapping[str, str]) -> OnNode:
    """What `render_look` printed. Pure: only what was asked for counts as an effect."""
    lines, recorded = said.splitlines(), parse_recorded(said)
    explained = {traces.get(fault_of(record), "") for record in recorded.records}
    seen: dict[str, str] = {}
    for name, trace in traces.items():
        if f"trace {name}" in lines and trace not in explained:
            seen.setdefault(trace, name)
    return OnNode(recorded, tuple(FAULTS[name] for name in seen.values()))


def fault_of(record: str) -> str:
    """The fault's name in that of a record: `stop-keepalived-1a2b3c4d`. Pure."""
    return record.rpartition("-")[0]
