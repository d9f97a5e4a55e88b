"""Rules about one instance on one node: what keepalived changes on its own, and says in its log at most. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from runbook_lib.checks.config_findings import Finding, Side, error, warning
from runbook_lib.keepalived_conf.model import OWNER_PRIORITY
from runbook_lib.site import LONGEST_V3_S

LONGEST_PASSWORD = 8


def _missing(side: Side) -> Iterator[Finding]:
    instance, at = side.instance, side.instance.statement.place
    if not instance.name:
        yield error("missing", f"{side.name}: a vrrp_instance has no name", "Name it: keepalived drops it.", at)
    if not instance.statement.has("virtual_router_id"):
        text = f"{side.name}: {instance.name} has no virtual_router_id"
        yield error("missing", text, "Give both nodes the same, 1-255.", at)
    if not instance.interface and not (instance.unicast_peers and instance.source):
        text = f"{side.name}: {instance.name} has no interface"
        yield error("missing", text, "Name the one that the VIP belongs on.", at)
    if not instance.vips:
        text = f"{side.name}: {instance.name} has no virtual_ipaddress"
        yield error("missing", text, "Without an address there is nothing to move.", side.place("virtual_ipaddress"))
    if not instance.statement.has("priority") and instance.state == "MASTER":
        text = f"{side.name}: a MASTER without a priority takes 255, the address owner's"
        yield warning("missing-priority", text, "Say priority 1-254.", at)


def _addresses(side: Side) -> Iterator[Finding]:
    for block in ("virtual_ipaddress", "virtual_ipaddress_excluded", "unicast_peer"):
        for said in side.instance.statement.inside(block):
            if said.keyword.startswith("$"):
                continue
            try:
                ipaddress.ip_interface(said.keyword)
            except ValueError:
                text = f"{side.name}: {said.keyword} in {block} is no address"
                yield error("address", text, "Correct it: keepalived skips it.", said.place)


def _preemption(side: Side) -> Iterator[Finding]:
    instance = side.instance
    if instance.nopreempt and instance.state == "MASTER":
        text = f"{side.name}: nopreempt is ignored with state MASTER"
        yield error("nopreempt-state", text, "Both nodes need state BACKUP for it.", side.place("nopreempt"))
    if instance.preempt_delay_s and (instance.state == "MASTER" or instance.nopreempt):
        why = "nopreempt" if instance.nopreempt else "state MASTER"
        text = f"{side.name}: preempt_delay is ignored with {why}"
        yield warning("preempt-delay", text, "Say state BACKUP and no nopreempt.", side.place("preempt_delay"))


def _owner(side: Side) -> Iterator[Finding]:
    instance = side.instance
    if instance.priority != OWNER_PRIORITY or not instance.statement.has("priority"):
        return
    if instance.state == "BACKUP":
        text = f"{side.name}: priority 255 is the address owner's, which is never a BACKUP"
        yield error("priority-255", text, "Take 254 or less.", side.place("priority"))
    if any(tracked.weight for tracked in instance.tracked + instance.tracked_others):
        text = f"{side.name}: priority 255 never changes: the weights are ignored"
        yield error("priority-255", text, "Take 254 or less.", side.place("priority"))


def _advert_int(side: Side) -> Iterator[Finding]:
    advert_s, version, at = side.instance.advert_int_s, side.instance.version, side.place("advert_int")
    if version == 2 and advert_s != max(1, round(advert_s)):
        text = f"{side.name}: version 2 rounds advert_int {advert_s:g} to whole seconds"
        yield warning("advert-int", text, "Take whole seconds, or version 3.", at)
    if version == 3 and advert_s > LONGEST_V3_S:
        text = f"{side.name}: version 3 carries {LONGEST_V3_S} s at most, not {advert_s:g}"
        yield warning("advert-int", text, "Take less, or version 2.", at)
    elif version == 3 and abs(advert_s * 100 - round(advert_s * 100)) > 1e-9:
        text = f"{side.name}: version 3 rounds advert_int {advert_s:g} to hundredths of a second"
        yield warning("advert-int", text, "Take a multiple of 0.01.", at)


def _authentication(side: Side) -> Iterator[Finding]:
    instance = side.instance
    block = instance.statement.last("authentication")
    if instance.auth is None or block is None:
        return
    kind, password = instance.auth
    if instance.version == 3:
        text = f"{side.name}: version 3 has no authentication"
        yield error("auth-version", text, "Take it out, or say version 2.", block.place)
    elif not kind or not password:
        text = f"{side.name}: authentication without {'auth_pass' if kind else 'auth_type'} is ignored"
        yield error("auth-empty", text, "Say auth_type PASS and auth_pass, or nothing.", block.place)
    if len(password) > LONGEST_PASSWORD:
        text = f"{side.name}: auth_pass is cut to 8 characters"
        yield warning("auth-pass", text, "Take 8 characters or less.", block.place_of("auth_pass"))


def _strict(side: Side) -> Iterator[Finding]:
    if not side.instance.strict:
        return
    own = side.instance.statement.last("strict_mode")
    place = own.place if own else side.node.configuration.defaults.place_of("vrrp_strict")
    text = f"{side.name}: vrrp_strict drops what is sent to the VIP, and refuses the password"
    yield warning("strict", text, "Leave vrrp_strict out: the sample configuration has it.", place)
    if side.instance.unicast_peers:
        text = f"{side.name}: vrrp_strict refuses unicast peers: the instance doesn't start"
        yield error("strict", text, "Leave vrrp_strict out.", side.place("unicast_peer"))


def _vmac(side: Side) -> Iterator[Finding]:
    if side.instance.statement.has("use_vmac") and side.instance.unicast_peers:
        text = f"{side.name}: keepalived 2.1.5 ignores use_vmac with unicast peers"
        yield warning("vmac-unicast", text, "Take one of them out.", side.place("use_vmac"))


def restart_gap(side: Side, restart_s: float | None) -> Iterator[Finding]:
    """Whether a restart of OpenResty, which takes `restart_s` (None: not known), can already count as a failure."""
    tracked = {tracked.name for tracked in side.instance.tracked if not tracked.weight}
    for script in side.node.configuration.scripts:
        gap_s = (script.fall - 1) * script.interval_s
        if script.name not in tracked or gap_s > (restart_s or 0):
            continue
        text = f"{side.name}: {script.fall} failed run(s) within {gap_s:g} s mean FAULT, and OpenResty needs "
        text += "some time" if restart_s is None else f"{restart_s:g} s"
        text += " to be started again"
        cure = "Raise fall: a restart alone should not move the VIP."
        yield warning("restart-gap", text, cure, script.statement.place_of("fall"))


INSTANCE_RULES = (_missing, _addresses, _preemption, _owner, _advert_int, _authentication, _strict, _vmac)
