"""Rules about both nodes at once: what `keepalived -t` can't see, as it knows one file only. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from runbook_lib.checks.config_findings import Finding, Side, error, warning
from runbook_lib.keepalived_conf.lines import Place


def _equal_on_both(high: Side, low: Side) -> Iterator[Finding]:
    """What both must say alike: else they don't hear each other, and both hold the VIP.

    Interval and password are compared in version 2 only (RFC 3768 7.1); in version 3 there is no password, and a BACKUP
    takes the MASTER's interval over (RFC 5798 6.1).
    """
    a, b = high.instance, low.instance
    compared: list[tuple[str, object, object]] = [
        ("version", a.version, b.version),
        ("virtual_router_id", a.router_id, b.router_id),
        ("virtual_ipaddress", set(a.vips), set(b.vips)),
    ]
    if (a.version, b.version) != (3, 3):
        compared += [("advert_int", a.advert_int_s, b.advert_int_s), ("authentication", a.auth, b.auth)]
    elif a.advert_int_s != b.advert_int_s:
        text = f"advert_int is {_said(a.advert_int_s)} on {high.name} and {_said(b.advert_int_s)} on {low.name}"
        cure = "Make it equal: in version 3 they hear each other, but the outage changes with the holder."
        yield warning("advert-int", text, cure, low.place("advert_int"), high.place("advert_int"))
    for name, on_high, on_low in compared:
        if on_high != on_low and not (name == "virtual_ipaddress" and _same_hosts(a.vips, b.vips)):
            text = f"{name} is {_said(on_high)} on {high.name} and {_said(on_low)} on {low.name}"
            cure = f"Make {name} equal: else each node drops the other's advertisements and both hold the VIP."
            yield error("equal-on-both", text, cure, low.place(name), high.place(name))
    groups = [side.node.configuration.defaults.value("vrrp_mcast_group4") for side in (high, low)]
    if groups[0] != groups[1] and not (a.unicast_peers or b.unicast_peers):
        text = (
            f"vrrp_mcast_group4 is {groups[0] or 'missing'} on {high.name} and {groups[1] or 'missing'} on {low.name}"
        )
        places = [side.node.configuration.defaults.place_of("vrrp_mcast_group4") for side in (low, high)]
        yield error("equal-on-both", text, "Make it equal: they send to different groups.", *places)


def _same_hosts(some: tuple[str, ...], others: tuple[str, ...]) -> bool:
    """The same addresses, whatever their prefix lengths: those aren't in an advertisement."""
    return set(map(_host, some)) == set(map(_host, others))


def _host(vip: str) -> str:
    """A VIP without its prefix length, in its shortest form."""
    try:
        return str(ipaddress.ip_interface(vip).ip)
    except ValueError:
        return vip


def _said(value: object) -> str:
    if value is None:
        return "missing"
    if isinstance(value, set | tuple):
        return " ".join(sorted(value) if isinstance(value, set) else value) or "empty"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _prefix_lengths(high: Side, low: Side) -> Iterator[Finding]:
    """The same VIP as another network: routes and neighbours change with the holder. Without one it is /32 or /128."""
    theirs = {_host(said.keyword): said for said in low.instance.statement.inside("virtual_ipaddress")}
    for said in high.instance.statement.inside("virtual_ipaddress"):
        other = theirs.get(_host(said.keyword))
        if other is None or (ours := _prefix(said.keyword)) == (its := _prefix(other.keyword)):
            continue
        text = f"{_host(said.keyword)} has prefix length {ours} on {high.name} and {its} on {low.name}"
        cure = "Make it equal; without one, keepalived takes /32."
        yield warning("prefix-length", text, cure, other.place, said.place)


def _prefix(vip: str) -> int | None:
    try:
        return ipaddress.ip_interface(vip).network.prefixlen
    except ValueError:
        return None


def _excluded(high: Side, low: Side) -> Iterator[Finding]:
    """They aren't in the advertisement, so nobody notices when they differ."""
    on_high, on_low = high.instance.excluded_vips, low.instance.excluded_vips
    if not _same_hosts(on_high, on_low):
        name = "virtual_ipaddress_excluded"
        text = f"{name} is {_said(on_high)} on {high.name} and {_said(on_low)} on {low.name}"
        yield warning("excluded-vips", text, "Make it equal: they move together.", low.place(name), high.place(name))


def _priorities(high: Side, low: Side) -> Iterator[Finding]:
    a, b = high.instance, low.instance
    at = low.place("priority"), high.place("priority")
    if a.priority == b.priority:
        text = f"both nodes have priority {a.priority}: the higher address wins, by luck"
        yield error("priorities", text, "Give the MASTER a higher priority.", *at)
    if a.state == b.state == "MASTER":
        text = "both nodes have state MASTER: the priority decides, and nopreempt would be ignored"
        yield warning("states", text, "One node is state BACKUP.", low.place("state"), high.place("state"))
    elif b.state == "MASTER" and a.priority > b.priority:
        text = f"{low.name} starts as MASTER with the lower priority: {high.name} takes the VIP from it"
        yield warning("states", text, "The MASTER has the higher priority.", low.place("state"), *at[1:])


def _weight_moves_vip(high: Side, low: Side) -> Iterator[Finding]:
    """The ill MASTER must fall below the well BACKUP: one that hears an equal priority stays (RFC 3768 6.4.2)."""
    a, b = high.instance, low.instance
    if not a.weights:
        return
    weights = ", ".join(f"{weight:+d}".replace("-", "−") for weight in a.weights)
    if a.ill >= b.well:
        text = (
            f"weight {weights} never moves the VIP: {high.name} falls from {a.well} to {a.ill}, "
            f"and {low.name} has {b.well}"
        )
        gap = a.well - b.well
        cure = f"Leave the weight out (a failing script then means FAULT), or make it outweigh the gap of {gap}."
        yield warning("weight-gap", text, cure, _weight_place(high), low.place("priority"))
    elif b.nopreempt:
        text = f"nopreempt on {low.name}: a weight on {high.name} never moves the VIP to it"
        cure = f"Leave nopreempt out on {low.name}, or the weight."
        yield warning("nopreempt-weight", text, cure, low.place("nopreempt"), _weight_place(high))


def _weight_place(side: Side) -> Place:
    """Where the first weight that counts is said: beside what is tracked, or in its script."""
    instance = side.instance
    first = next(tracked for tracked in instance.tracked + instance.tracked_others if tracked.weight)
    if first.statement and "weight" in first.statement.words:
        return first.statement.place
    scripts = (s.statement for s in side.node.configuration.scripts if s.name == first.name)
    return next((script.place_of("weight") for script in scripts), instance.statement.place)


def _tracking(high: Side, low: Side) -> Iterator[Finding]:
    """A node that doesn't look at its service keeps the VIP, or takes it, while that is dead."""
    for here, there in ((high, low), (low, high)):
        if there.instance.tracked and not here.instance.tracked and not here.instance.sync_group:
            text = f"{here.name} tracks no script, {there.name} does: it keeps the VIP while its service is dead"
            yield warning("tracking", text, f"Give {here.name} the track_script, too.", here.place("track_script"))


def _nopreempt_side(high: Side, low: Side) -> Iterator[Finding]:
    if low.instance.nopreempt and not high.instance.nopreempt:
        text = f"nopreempt stands on {low.name} only: {high.name} takes the VIP back whenever it returns"
        cure = f"Move it to {high.name}, the node with the higher priority."
        yield warning("nopreempt-side", text, cure, low.place("nopreempt"))


def _unicast(high: Side, low: Side) -> Iterator[Finding]:
    """Peers must name each other, and nobody himself."""
    for here, there in ((high, low), (low, high)):
        peers, source = here.instance.unicast_peers, here.instance.source
        at = here.place("unicast_peer")
        if peers and there.address and there.address not in peers:
            text = f"{here.name}'s unicast_peer doesn't name {there.name}"
            yield error("unicast", text, f"Add {there.address} to {here.name}'s unicast_peer.", at)
        if here.address and here.address in peers:
            text = f"{here.name}'s unicast_peer names {here.name} itself"
            yield error("unicast", text, f"Take {here.address} out of it.", at)
        if peers and source and here.node.address and source != here.node.address:
            text = f"{here.name}'s unicast_src_ip {source} is not its address"
            yield warning("unicast", text, f"It is {here.node.address} on this segment.", here.place("unicast_src_ip"))
    a, b = high.instance.unicast_peers, low.instance.unicast_peers
    if bool(a) != bool(b):
        text = "one node sends by unicast, the other by multicast"
        cure = "Give both a unicast_peer, or neither."
        yield error("unicast", text, cure, low.place("unicast_peer"), high.place("unicast_peer"))
    elif a and set(a) == set(b) and len(set(a)) == 1 and not (high.address or low.address):
        text = f"both nodes have {a[0]} as their unicast_peer: one of them names itself"
        yield error("unicast", text, "Each names the other.", low.place("unicast_peer"), high.place("unicast_peer"))


PAIR_RULES = (
    _equal_on_both,
    _prefix_lengths,
    _excluded,
    _priorities,
    _weight_moves_vip,
    _tracking,
    _nopreempt_side,
    _unicast,
)
