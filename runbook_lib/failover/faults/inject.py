"""Inject a fault and be sure that it ends: the undo is recorded first, runs on every exit, is confirmed, expires."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from runbook_lib.chapter.vip import vip_holders
from runbook_lib.checks.verdict import Skipped
from runbook_lib.errors import FaultError
from runbook_lib.failover.faults.catalogue import Fault
from runbook_lib.failover.faults.confirming import wait_until
from runbook_lib.failover.faults.injection import Injection, aimed
from runbook_lib.failover.faults.process_faults import nacos_machine
from runbook_lib.failover.faults.recovery import refuse_while_active, refuse_while_recorded
from runbook_lib.failover.faults.undoing import undo_after, undoing
from runbook_lib.hosts import Host, OpenSite
from runbook_lib.site import Site

EXPIRES_S = 180.0
"""Of a fault on its way, besides what a trial waits for by its pair: longer than the rest before and after takes."""


def why_not(site: OpenSite, fault: Fault) -> Skipped | None:
    """Why this site doesn't allow the fault, or can't undo it; None: it may come."""
    return not_agreed(site, "faults") or not_undoable(site.model, fault)


def not_agreed(site: OpenSite, disruption: Literal["faults", "demonstrations"]) -> Skipped | None:
    """Why the site doesn't agree to so much; None: it does."""
    if site.model.allows(disruption):
        return None
    what = disruption.removesuffix("s")
    return Skipped(f"a {what} needs disruption: {disruption}, the site allows {site.model.effective_disruption}")


def not_undoable(site: Site, fault: Fault) -> Skipped | None:
    """Why the fault could not be undone at such a site; None: it can. Pure."""
    if fault.hits == "nacos" and (site.substrate != "lab" or nacos_machine(site) is None):
        return Skipped(f"{fault.name} needs the lab's own Nacos, and this site's members are somebody else's")
    if site.substrate == "lab":
        return None
    if fault.cable:
        return Skipped(f"{fault.name} needs a hand at the cable to plug it in again, and substrate ssh has none")
    if fault.power:
        return Skipped(f"{fault.name} needs a power switch to bring the machine back, and substrate ssh has none")
    return None


@contextmanager
def injected(
    site: OpenSite, fault: Fault, fault_id: str, host: Host, *, expires_s: float = EXPIRES_S
) -> Iterator[Injection]:
    """Record the undo, hand out the fault to be applied while `host` holds the VIP, and undo it on every exit.

    Its effect is confirmed before the undo, the undo by a probe. Raises FaultError where another one is active or it
    had no effect, HostError when it can't be recorded (then nothing was applied) or when its undo can't be confirmed.
    """
    refuse_while_recorded(site)
    injection = aimed(site, fault, fault_id, host, expires_s)
    with undoing(site.journal, injection.undo):
        injection.record()
        injection.prepare()
        yield injection
        if injection.at_unix_s is not None:
            injection.confirm_effect()


def inject(site: OpenSite, fault: Fault, expires_s: float) -> Injection:
    """Inject it into the holder of the VIP and leave it on, its effect confirmed; undone where that fails.

    One that passes by itself has passed when this returns. Raises as `injected`, FaultError also where nobody holds the
    VIP, or both do.
    """
    refuse_while_active(site)
    injection = aimed(site, fault, f"{fault.name}-{secrets.token_hex(4)}", _holder(site), expires_s)
    try:
        injection.record()
        injection.prepare()
        injection.apply()
        injection.confirm_effect()
        if fault.passes:
            wait_until(injection.has_passed, expires_s)
    except BaseException as ended:
        undo_after(ended, site.journal, injection.undo)
        raise
    if fault.passes:
        injection.undo()
    return injection


def _holder(site: OpenSite) -> Host:
    holders = vip_holders(site)
    if len(holders) != 1:
        raise FaultError(
            f"A fault hits the node that holds the VIP, which is {' and '.join(holders) or 'nobody'} now.",
            "See why: runbook check -f FILE",
        )
    return site.hosts[holders[0]]
