"""A demonstration: what of `auth_pass` goes over the wire, in VRRP version 2 and in version 3 (chapter steps 7-8)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from runbook_lib.checks.verdict import Check, Skipped
from runbook_lib.demonstrations.sight import CURE, DEFECT, Sight, judge_sights
from runbook_lib.failover.faults.inject import not_agreed
from runbook_lib.failover.measuring.capture import observer_interface
from runbook_lib.failover.trials.as_found import as_found, configured
from runbook_lib.failover.trials.waiting import steady_within_s, wait_for_nodes
from runbook_lib.hosts import Host, OpenSite

NAME = "clear-text"
DISTURBS = "both nodes speak VRRP version 2, then 3, for some seconds; the VIP is away for a few seconds, twice"
HEARD_WITHIN_S = 10
NOTHING = "no password"
# -s 256: more than any advertisement of ours. 124: nothing was heard.
_HEAR = "timeout %s tcpdump -i %s -n -v -s 256 -c 1 'ip proto 112 and ip[21] = '%s"
_AUTH = re.compile(r' auth "([^"]*?)(?:\^@)*"')


def show_clear_text(site: OpenSite) -> tuple[Sight, ...] | Skipped:
    """Capture an advertisement of version 2 on the observer, and of version 3; then the site's own version is back."""
    if skipped := not_agreed(site, "demonstrations"):
        return skipped
    observer, interface = site.observer, observer_interface(site)
    if observer is None or not interface:
        return Skipped("only an observer on the segment hears VRRP")
    password = site.model.vrrp.auth_pass or "1111"
    tried = (
        (DEFECT, f"version 2, auth_pass {password}", 2, f"password {password}"),
        (CURE, "version 3, which has none", 3, NOTHING),
    )
    with as_found(site, NAME, len(tried) * (steady_within_s(site) + 2 * HEARD_WITHIN_S)):
        return tuple(
            Sight(shows, what, expected, *parse_heard(said))
            for shows, what, version, expected in tried
            for said in (_heard(site, observer, interface, version, password),)
        )


def clear_text_shown(found: Sequence[Sight] | Skipped) -> Check:
    """Check `demonstration.clear-text`: version 2 shows the password to everybody, version 3 has none."""
    claim = "auth_pass can be read by everybody on the segment; version 3 doesn't pretend otherwise, it has none."
    hint = "Has the observer tcpdump, and does it hear VRRP?"
    return Check("demonstration.clear-text", claim, "08", lambda: judge_sights(found, hint))


def parse_heard(said: str) -> tuple[str, str]:
    """The password in what tcpdump says of one advertisement, and its words. Pure."""
    words = next((line.strip() for line in said.splitlines() if "VRRPv" in line), "")
    if not words:
        return "no advertisement was heard", said.strip()
    shown = _AUTH.search(words)
    return f"password {shown[1]}" if shown else NOTHING, words


def _heard(site: OpenSite, observer: Host, interface: str, version: int, password: str) -> str:
    """What tcpdump says of one advertisement when both nodes speak this version."""
    vrrp = site.model.vrrp.model_copy(update={"version": version, "advert_int": 1.0, "auth_pass": password})
    there = configured(site, site.model.model_copy(update={"vrrp": vrrp}), f"VRRP version {version}")
    wait_for_nodes(there)
    return observer.run(_HEAR, HEARD_WITHIN_S, interface, vrrp.router_id).stdout
