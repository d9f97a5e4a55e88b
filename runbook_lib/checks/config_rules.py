"""The linter's rules, each a generator of findings about the pair or about one node. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from runbook_lib.chapter.keepalived_conf import Instance, Script

HIGHEST, LOWEST = 254, 1
"""Effective priorities stay in this range whatever is added."""


class Level(StrEnum):
    """ERROR: the pair can't work. WARN: it works, but not as its author will expect."""

    ERROR = "ERROR"
    WARN = "WARN"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong."""

    level: Level
    rule: str
    text: str
    cure: str


@dataclass(frozen=True)
class Side:
    """A node and its instance."""

    node: str
    address: str
    instance: Instance
    scripts: tuple[Script, ...]
    script_security: bool

    @property
    def gain(self) -> int:
        """How much its working scripts add to its priority."""
        return sum(max(0, tracked.weight) for tracked in self.instance.tracked)

    @property
    def loss(self) -> int:
        """How much its priority falls when all its scripts fail; weights of 0 mean FAULT, not a lower priority."""
        return sum(abs(tracked.weight) for tracked in self.instance.tracked)

    @property
    def well(self) -> int:
        """Its effective priority while its scripts succeed."""
        return _clamped(self.instance.priority + self.gain)

    @property
    def ill(self) -> int:
        """Its effective priority while its scripts fail."""
        return _clamped(self.instance.priority + self.gain - self.loss)


Rule = Callable[[Side, Side], Iterator[Finding]]


def _clamped(priority: int) -> int:
    return max(LOWEST, min(HIGHEST, priority))


def _equal_on_both(high: Side, low: Side) -> Iterator[Finding]:
    """What both must say alike: else they don't hear each other, and both hold the VIP."""
    a, b = high.instance, low.instance
    compared: tuple[tuple[str, object, object], ...] = (
        ("version", a.version, b.version),
        ("virtual_router_id", a.router_id, b.router_id),
        ("advert_int", a.advert_int_s, b.advert_int_s),
        ("authentication", a.auth, b.auth),
        ("virtual_ipaddress", set(a.vips), set(b.vips)),
    )
    for name, on_high, on_low in compared:
        if on_high != on_low:
            text = f"{name} is {_said(on_high)} on {high.node} and {_said(on_low)} on {low.node}"
            cure = f"Make {name} equal: else each node drops the other's advertisements and both hold the VIP."
            yield Finding(Level.ERROR, "equal-on-both", text, cure)


def _said(value: object) -> str:
    if value is None:
        return "missing"
    if isinstance(value, set | tuple):
        return " ".join(sorted(value) if isinstance(value, set) else value) or "empty"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _priorities(high: Side, low: Side) -> Iterator[Finding]:
    if high.instance.priority == low.instance.priority:
        text = f"both nodes have priority {high.instance.priority}: the higher address wins, by luck"
        yield Finding(Level.ERROR, "priorities", text, "Give the MASTER a higher priority.")
    if high.instance.state == low.instance.state == "MASTER":
        text = "both nodes start as MASTER: both hold the VIP until they have heard each other"
        yield Finding(Level.WARN, "states", text, "One node is state BACKUP.")


def _weight_moves_vip(high: Side, low: Side) -> Iterator[Finding]:
    """The ill MASTER must fall below the well BACKUP: one that hears an equal priority stays (RFC 3768 6.4.2)."""
    if any(side.instance.sync_group for side in (high, low)) or not high.loss:
        return
    weights = ", ".join(f"{tracked.weight:+d}".replace("-", "−") for tracked in high.instance.tracked)
    if high.ill >= low.well:
        text = (
            f"weight {weights} never moves the VIP: {high.node} falls from {high.well} to {high.ill}, "
            f"and {low.node} has {low.well}"
        )
        gap = high.well - low.well
        cure = f"Leave the weight out (a failing script then means FAULT), or make it outweigh the gap of {gap}."
        yield Finding(Level.WARN, "weight-gap", text, cure)
    elif low.instance.nopreempt:
        text = f"nopreempt on {low.node}: a weight on {high.node} never moves the VIP to it"
        yield Finding(Level.WARN, "nopreempt-weight", text, f"Leave nopreempt out on {low.node}, or the weight.")


def _unicast(high: Side, low: Side) -> Iterator[Finding]:
    """Peers must name each other, and nobody himself."""
    for here, there in ((high, low), (low, high)):
        peers, source = here.instance.unicast_peers, here.instance.unicast_source
        if peers and (there.instance.unicast_source or there.address) not in peers:
            text = f"{here.node}'s unicast_peer doesn't name {there.node}"
            yield Finding(Level.ERROR, "unicast", text, f"Add {there.address} to {here.node}'s unicast_peer.")
        if here.address in peers:
            text = f"{here.node}'s unicast_peer names {here.node} itself"
            yield Finding(Level.ERROR, "unicast", text, f"Take {here.address} out of it.")
        if source and source != here.address:
            text = f"{here.node}'s unicast_src_ip {source} is not its address"
            yield Finding(Level.WARN, "unicast", text, f"It is {here.address} on this segment.")
    if bool(high.instance.unicast_peers) != bool(low.instance.unicast_peers):
        text = "one node sends by unicast, the other by multicast"
        yield Finding(Level.ERROR, "unicast", text, "Give both a unicast_peer, or neither.")


def _one_node(side: Side) -> Iterator[Finding]:
    """What is wrong with one node by itself, and what keepalived says nothing about or only in its log."""
    instance = side.instance
    if instance.nopreempt and instance.state == "MASTER":
        text = f"{side.node}: nopreempt is ignored with state MASTER"
        yield Finding(Level.ERROR, "nopreempt-state", text, "Both nodes need state BACKUP for it.")
    if instance.priority == 255 and instance.state == "BACKUP":
        text = f"{side.node}: priority 255 is the address owner's, which is never a BACKUP"
        yield Finding(Level.ERROR, "priority-255", text, "Take 254 or less.")
    if instance.version == 2 and instance.advert_int_s != max(1, round(instance.advert_int_s)):
        text = f"{side.node}: version 2 rounds advert_int {instance.advert_int_s:g} to whole seconds"
        yield Finding(Level.WARN, "advert-int", text, "Take whole seconds, or version 3.")
    if instance.auth is not None and len(instance.auth[1]) > 8:
        text = f"{side.node}: auth_pass is cut to 8 characters"
        yield Finding(Level.WARN, "auth-pass", text, "Take 8 characters or less.")
    if instance.strict:
        text = f"{side.node}: vrrp_strict drops what is sent to the VIP, and refuses the password"
        yield Finding(Level.WARN, "strict", text, "Leave vrrp_strict out: the sample configuration has it.")


def _scripts(side: Side) -> Iterator[Finding]:
    instance = side.instance
    known = {script.name for script in side.scripts}
    for tracked in instance.tracked:
        if tracked.name not in known:
            text = f"{side.node}: tracks {tracked.name}, which no vrrp_script defines"
            yield Finding(Level.ERROR, "script", text, "Define it, or don't track it.")
        if tracked.weight and instance.sync_group:
            text = f"{side.node}: a weight is ignored in a sync group ({instance.sync_group})"
            yield Finding(Level.WARN, "script", text, "Leave the weight out.")
    if instance.tracked and not side.script_security:
        text = f"{side.node}: scripts run as root without script security"
        yield Finding(Level.WARN, "script-security", text, "Say enable_script_security and script_user root.")


def restart_gap(side: Side, restart_s: float) -> Iterator[Finding]:
    """Whether a restart of OpenResty, which takes `restart_s`, can already count as a failure of this node."""
    tracked = {tracked.name for tracked in side.instance.tracked if not tracked.weight}
    for script in side.scripts:
        gap_s = (script.fall - 1) * script.interval_s
        if script.name in tracked and gap_s <= restart_s:
            text = (
                f"{side.node}: {script.fall} failed run(s) within {gap_s:g} s mean FAULT, "
                f"and OpenResty needs {restart_s:g} s to be started again"
            )
            yield Finding(Level.WARN, "restart-gap", text, "Raise fall: a restart alone should not move the VIP.")


PAIR_RULES: tuple[Rule, ...] = (_equal_on_both, _priorities, _weight_moves_vip, _unicast)
NODE_RULES: tuple[Callable[[Side], Iterator[Finding]], ...] = (_one_node, _scripts)
