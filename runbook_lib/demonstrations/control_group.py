"""A demonstration: an OpenResty that keepalived's check script has started belongs to keepalived (chapter step 9)."""

from __future__ import annotations

from collections.abc import Sequence

from runbook_lib.chapter.openresty import NAME as OPENRESTY
from runbook_lib.chapter.openresty import launcher
from runbook_lib.chapter.rendering import template
from runbook_lib.chapter.service import UNIT
from runbook_lib.chapter.unit_processes import list_processes
from runbook_lib.checks.verdict import Check, Skipped
from runbook_lib.demonstrations.leaving import undone_on_exit
from runbook_lib.demonstrations.sight import CURE, DEFECT, Sight, judge_sights
from runbook_lib.failover.faults.inject import not_agreed
from runbook_lib.failover.faults.node_commands import only_by_unit
from runbook_lib.failover.trials.as_found import as_found, configured
from runbook_lib.hosts import Host, OpenSite
from runbook_lib.site import Site

NAME = "control-group"
DISTURBS = "both nodes get the chapter's script, and the BACKUP's OpenResty is stopped, for some seconds; the VIP stays"
EXPIRES_S = 240.0
LATER_S = 60.0
"""The script is put back first: the chapter's would start OpenResty once more."""
TAKEN = "Address already in use"

# Whose group an OpenResty is in, of OpenResty's unit and keepalived's, as soon as it is in one.
_GROUP = (
    "n=0; while [ $n -lt 200 ]; do "
    '[ -z "$(sh -c %s)" ] || { echo unit; exit; }; [ -z "$(sh -c %s)" ] || { echo keepalived; exit; }; '
    "sleep 0.1; n=$((n + 1)); done"
)
_START = (
    'since=$(date "+%%F %%T"); systemctl start %s 2>/dev/null && echo it starts; systemctl stop %s; '
    'journalctl --quiet --output=cat --unit=%s --since="$since" | grep -m 1 emerg'
)


def show_control_group(site: OpenSite) -> tuple[Sight, ...] | Skipped:
    """Stop the BACKUP's OpenResty under the chapter's script, look at what that starts; then all is as it was found."""
    if skipped := not_agreed(site, "demonstrations") or starts_nothing(site.model):
        return skipped
    host, unit = site.backup, site.model.openresty.unit
    undo = only_by_unit(unit)
    with as_found(site, NAME, EXPIRES_S), undone_on_exit(site, host, f"{NAME}-entry", undo, EXPIRES_S + LATER_S):
        _with_script(site, "chapter")
        theirs = _started_by_script(host, unit)
        _with_script(site, "fixed")
        host.run("sh -ec %s", undo).check()
        ours = _group(host, unit)
    return *theirs, Sight(CURE, f"our script, systemctl start {unit}: it lives in", unit, ours)


def starts_nothing(site: Site) -> Skipped | None:
    """Why there is nothing to show: OpenResty lies elsewhere than the chapter's script says; None: there is. Pure."""
    if launcher(site) in template("chapter_check.sh"):
        return None
    return Skipped(f"the chapter's script doesn't know {launcher(site)}, so it would start nothing")


def control_group_shown(found: Sequence[Sight] | Skipped) -> Check:
    """Check `demonstration.control-group`: whose it is that the script started, and that it is in the unit's way."""
    claim = "An OpenResty that the chapter's script starts lives in keepalived's group, and its own unit can't start."
    hint = f"See there: systemctl status {UNIT}, and the unit of OpenResty."
    return Check("demonstration.control-group", claim, "07", lambda: judge_sights(found, hint))


def parse_start(said: str) -> tuple[str, str]:
    """What became of the unit's start, and OpenResty's words. Pure."""
    words = said.strip()
    return (TAKEN, words) if TAKEN in words else (words or "it says nothing", "")


def _with_script(site: OpenSite, script: str) -> None:
    model = site.model.model_copy(update={"check_script": script, "weight": None})
    configured(site, model, f"{script} script")


def _group(host: Host, unit: str) -> str:
    """The unit that an OpenResty lives in."""
    said = host.run(_GROUP, list_processes(unit, OPENRESTY), list_processes(UNIT, OPENRESTY)).stdout.strip()
    return {"unit": unit, "keepalived": UNIT}.get(said, "in neither unit")


def _started_by_script(host: Host, unit: str) -> tuple[Sight, ...]:
    host.run("systemctl stop %s", unit).check()
    group = _group(host, unit)
    state = host.run("systemctl is-active %s", unit).stdout.strip()
    started = parse_start(host.run(_START, unit, unit, unit).stdout)
    return (
        Sight(DEFECT, "the chapter's script starts a stopped OpenResty: it lives in", UNIT, group),
        Sight(DEFECT, f"systemctl is-active {unit}", "inactive", state),
        Sight(DEFECT, f"systemctl start {unit}", TAKEN, *started),
    )
