"""A demonstration: who runs the check script, without script security, with half of it, and with all of it."""

from __future__ import annotations

from collections.abc import Sequence

from runbook_lib.chapter.config import render_configuration
from runbook_lib.checks.verdict import Check, Skipped
from runbook_lib.demonstrations.alone import NOBODY, Alone, run_alone
from runbook_lib.demonstrations.sight import CURE, DEFECT, Sight, judge_sights
from runbook_lib.failover.faults.inject import not_agreed
from runbook_lib.hosts import OpenSite

SECURITY, USER = "    enable_script_security\n", "    script_user root\n"
VIOLATION = "SECURITY VIOLATION"
WORDS = (VIOLATION, "insecure", "default user", "unsafe")
ROOT = "root runs it"
NOT_RUN = "nobody runs it"
VIOLATED = f"{ROOT}, {VIOLATION}"


def show_script_security(site: OpenSite) -> tuple[Sight, ...] | Skipped:
    """Run the MASTER's keepalived alone with four configurations. Nothing that stands on the node is touched."""
    if skipped := not_agreed(site, "demonstrations"):
        return skipped
    whole = render_configuration(site.model, site.model.nodes.master)
    bare, half = whole.replace(SECURITY, "").replace(USER, ""), whole.replace(USER, "")
    tried = (
        (DEFECT, "neither line, as in the chapter", bare, "755", VIOLATED),
        (DEFECT, "enable_script_security, and no script_user", half, "755", NOT_RUN),
        (DEFECT, "both lines, and a script that anybody can write", whole, "777", NOT_RUN),
        (CURE, "both lines, and a script that only root can write", whole, "755", ROOT),
    )
    return tuple(
        Sight(shows, what, expected, seen_of(found), found.said(*WORDS))
        for shows, what, configuration, mode, expected in tried
        for found in (run_alone(site.master, site.model.interface, configuration, mode),)
    )


def seen_of(found: Alone) -> str:
    """Who runs it, and whether keepalived calls that a violation. Pure."""
    if found.run_by == NOBODY:
        return NOT_RUN
    return f"{found.run_by} runs it" + (f", {VIOLATION}" if VIOLATION in found.log else "")


def script_security_shown(found: Sequence[Sight] | Skipped) -> Check:
    """Check `demonstration.script-security`: who runs the script is as it should be in each of the four."""
    claim = "Without script security root runs any script; with half of it nobody runs it; with all of it root does."
    hint = "A user keepalived_script on the node takes the place of script_user: is there one?"
    return Check("demonstration.script-security", claim, "05", lambda: judge_sights(found, hint))
