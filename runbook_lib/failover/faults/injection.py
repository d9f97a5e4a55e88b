"""A fault on its way to the machines that it hits: recorded, prepared, applied, its effect seen, undone."""

from __future__ import annotations

import shlex
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

from runbook_lib.chapter.vip import holds_vip
from runbook_lib.errors import FaultError, HostError, RunbookError, UnreachableError
from runbook_lib.failover.faults import lab_faults, node_record
from runbook_lib.failover.faults.catalogue import Fault
from runbook_lib.failover.faults.confirming import probe, wait_until
from runbook_lib.failover.faults.node_commands import NodeCommands
from runbook_lib.failover.faults.process_faults import nacos_machine
from runbook_lib.hosts import Host, OpenSite
from runbook_lib.journal import FaultApplied, FaultRecorded, FaultUndone
from runbook_lib.site import Site

EFFECT_WITHIN_S = 20.0
EFFECT_ADVERTISEMENTS = 20
"""What 30 % loss leaves alone for so long happens once in a thousand times."""
PREPARED_WITHIN_S = 40.0
PREPARED_ADVERTISEMENTS = 4
"""Master_Down_Interval, rounded up."""


@dataclass
class Injection:
    """A fault on its way: `record` it, `apply` it once, when its moment has come, `undo` it."""

    site: OpenSite
    fault: Fault
    fault_id: str
    hosts: tuple[Host, ...]
    """Those that it hits, the holder of the VIP first."""
    expires_s: float
    boot_id: str
    """Of the machine that a reboot hits, before it: data in a test, as a boot takes what the node would keep."""
    at_unix_s: float | None = field(default=None, init=False)
    """When it was applied, by the clock of the first machine that it hits; None before."""
    recorded: list[Host] = field(default_factory=list, init=False)
    seen: bool = field(default=False, init=False)
    """Its effect was, at a first look."""

    @property
    def commands(self) -> NodeCommands:
        """What is run on each of them."""
        return self.fault.commands(self.site.model)

    def record(self) -> None:
        """Record the undo and start its expiry; raises HostError, LabError: nothing was applied, but `undo` it."""
        for host in self.hosts:
            self.recorded.append(host)
            _record_on(self, host)

    def prepare(self) -> None:
        """Take the node away whose return is the fault, and wait until the other one holds the VIP."""
        if self.commands.prepare:
            _take_away(self)

    def apply(self) -> float:
        """Apply the fault; its moment in seconds since 1970, by the machine's own clock. Raises HostError."""
        if self.fault.cable or self.fault.power == "cut":
            self.at_unix_s = lab_faults.take_away(self.site, self.fault, self.hosts[0].name, self.expires_s)
        else:
            self.at_unix_s, *_ = [_apply_on_node(self, host) for host in self.hosts]
        moment = datetime.fromtimestamp(self.at_unix_s, UTC).isoformat(timespec="microseconds")
        self.site.journal.write(FaultApplied(fault_id=self.fault_id, at=moment))
        if self.fault.power not in ("shutdown", "reboot"):  # one that goes down may not answer for long
            self.seen = wait_until(self.has_effect, within_s=0)
        return self.at_unix_s

    def confirm_effect(self) -> None:
        """Return once the fault was seen to have taken effect: by the node, or by the lab's supervisor.

        A fault that passes by itself leaves a trace (another process, another boot). Raises FaultError.
        """
        within_s = EFFECT_WITHIN_S + EFFECT_ADVERTISEMENTS * self.site.model.vrrp.advert_int
        if self.fault.power in ("shutdown", "reboot"):
            within_s = lab_faults.POWERED_OFF_WITHIN_S
        if not self.seen and not wait_until(self.has_effect, within_s):
            effect = self.commands.confirm_effect
            away = f"It must be away: runbook lab status --name {self.site.model.lab.name}"
            raise FaultError(
                f"{self.hosts[0].name}: no effect of {self.fault.name} was seen within {within_s:.0f} s.",
                f"This must succeed there: {effect}" if effect else away,
            )

    def has_effect(self) -> bool:
        """Whether its effect can be seen, looked at once. Raises HostError or LabError."""
        if self.fault.cable or self.fault.power in ("shutdown", "cut"):
            return lab_faults.is_gone(self.site, self.fault, self.hosts[0].name)
        if self.fault.by_lab:
            was = f"was={shlex.quote(self.boot_id)}"
        else:
            was = f"was=$(sed -n \"s/^was='\\([0-9 ]*\\)'$/\\1/p\" {node_record.path_of(self.fault_id)} 2>/dev/null)"
        return all(probe(host, f"{was}; {self.commands.confirm_effect}") for host in self.hosts)

    def has_passed(self) -> bool:
        """Whether nothing of it is left, looked at once. Raises HostError."""
        return all(probe(host, self.commands.confirm) for host in self.hosts)

    def undo(self) -> None:
        """Undo it wherever it was recorded, confirmed by a probe. Raises RunbookError once each had its turn."""
        failed = [error for host in self.recorded if (error := _undo_on(self, host)) is not None]
        if failed:
            raise failed[0]


def slow_s(site: Site) -> float:
    """What waiting for advertisements adds to preparing a fault and to seeing its effect, at most. Pure."""
    return (PREPARED_ADVERTISEMENTS + EFFECT_ADVERTISEMENTS) * site.vrrp.advert_int


def aimed(site: OpenSite, fault: Fault, fault_id: str, holder: Host, expires_s: float) -> Injection:
    """The fault, aimed at the machines that it hits when `holder` has the VIP.

    Raises FaultError where one of them lacks what it takes, HostError where one can't be asked.
    """
    hosts = _hosts_hit(site, fault, holder)
    commands = fault.commands(site.model)
    said = [_before(host, fault, commands) for host in hosts] if commands.before else [""]
    return Injection(site, fault, fault_id, hosts, expires_s, boot_id=said[0] if fault.by_lab else "")


def _before(host: Host, fault: Fault, commands: NodeCommands) -> str:
    # Does it fail? Of what it prints only a boot id leaves the node, which keeps the rest.
    asked = commands.before if fault.by_lab else f"{{ {commands.before}; }} >/dev/null"
    said = host.run("sh -ec %s", asked)
    if said.exit_status:
        raise FaultError(
            f"{host.name} {commands.refusal}, so {fault.name} can't be injected.",
            "Change that, or choose another fault: runbook fault list -f FILE",
        )
    return said.stdout.strip()


def _hosts_hit(site: OpenSite, fault: Fault, holder: Host) -> tuple[Host, ...]:
    if fault.hits == "both":
        return holder, *(node for node in site.nodes if node.name != holder.name)
    if fault.hits == "nacos":
        machine = nacos_machine(site.model)
        assert machine is not None  # see why_not
        return (site.hosts[machine.name],)
    return (holder,)


def _record_on(injection: Injection, host: Host) -> None:
    site, fault, expires_s = injection.site, injection.fault, injection.expires_s
    undo = injection.commands.undo or "by the lab's supervisor, or its own boot"
    site.journal.write(FaultRecorded(injection.fault_id, fault.name, host.name, undo, expires_s))
    if fault.by_lab:
        lab_faults.stand_by(site, fault, host.name, expires_s)
    else:
        commands = injection.commands
        node_record.record_undo(host, injection.fault_id, commands.undo, expires_s, commands.before)


def _take_away(injection: Injection) -> None:
    away, site = injection.hosts[0], injection.site
    other = next(node for node in site.nodes if node.name != away.name)
    away.run("sh -ec %s", injection.commands.prepare).check()
    within_s = PREPARED_WITHIN_S + PREPARED_ADVERTISEMENTS * site.model.vrrp.advert_int
    if not wait_until(lambda: holds_vip(other, site.model.vip_address), within_s):
        raise FaultError(
            f"{other.name} did not take the VIP within {within_s:.0f} s.", "See why not: runbook check -f FILE"
        )


def _apply_on_node(injection: Injection, host: Host) -> float:
    """Run the fault's command on the node, as long as its undo is recorded there; the node's clock just before it."""
    power = injection.fault.power
    recorded = "" if power else f"test -e {node_record.path_of(injection.fault_id)}; "
    try:
        applied = host.run("sh -c %s", f"set -e; {recorded}date +%s.%N; {{ {injection.commands.apply}; }} >&2")
    except UnreachableError:
        if not power:
            raise
        return time.time()  # it went down faster than its answer came; in the lab all clocks are one
    if not power:
        applied.check()
    return float(applied.stdout.split()[0])


def _undo_on(injection: Injection, host: Host) -> RunbookError | None:
    """Undo and confirm on one machine; what went wrong, so that the others get their turn first."""
    fault, confirmed, failed = injection.fault, False, list[RunbookError]()
    try:
        if fault.by_lab:
            _bring_back(injection, host)
        else:
            node_record.run_undo(host, injection.fault_id)
        confirmed = wait_until(lambda: probe(host, injection.commands.confirm), fault.back_within_s)
    except HostError as error:
        failed.append(error)
    try:
        injection.site.journal.write(FaultUndone(fault_id=injection.fault_id, confirmed=confirmed))
    except RunbookError as error:  # a full disk here must not keep the other machine from its undo
        failed.append(error)
    if not confirmed and not failed:
        failed.append(
            HostError(
                f"{host.name}: the undo of {fault.name} ran, but is not confirmed within {fault.back_within_s:.0f} s.",
                f"This must succeed there: {injection.commands.confirm}",
            )
        )
    return failed[0] if failed else None


def _bring_back(injection: Injection, host: Host) -> None:
    applied = injection.at_unix_s is not None
    if applied and injection.fault.power == "reboot":
        # One that still shuts down looks well.
        wait_until(injection.has_effect, lab_faults.POWERED_OFF_WITHIN_S)
    lab_faults.bring_back(injection.site, injection.fault, host.name, applied=applied)
