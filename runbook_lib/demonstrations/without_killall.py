"""A demonstration: the last command of the chapter's script where psmisc, which brings `killall`, is not installed.

Nothing ends keepalived then. The script ends with 127, the status of its last command, and keepalived counts any status
but 0 as a failed run: the weight decides whether the VIP moves.
"""

from __future__ import annotations

from collections.abc import Sequence

from runbook_lib.chapter.check_script import NOBODY_LISTENS, render_check_script
from runbook_lib.checks.verdict import Check, Skipped
from runbook_lib.demonstrations.leaving import IN_A_FOLDER
from runbook_lib.demonstrations.sight import CURE, DEFECT, Sight, judge_sights
from runbook_lib.failover.faults.inject import not_agreed
from runbook_lib.hosts import OpenSite

COMMAND = "killall keepalived"
NOT_FOUND = "not found, so keepalived goes on"
REPORTS = "reports that OpenResty is down"
_NOT_FOUND_STATUS, _REFUSED_STATUS = 127, 7
"""POSIX's for a command that is nowhere on the path; curl's for a refused connection."""

# The path is a folder with a link to each program but killall: what is not on it can't be run by name.
_MINIMAL = IN_A_FOLDER + 'mkdir bin && ln -s /usr/bin/* bin/ && rm -f bin/killall; PATH="$t/bin" sh -c %s'


def show_without_killall(site: OpenSite) -> tuple[Sight, ...] | Skipped:
    """Run the chapter's last command, then our script, on the MASTER as if it were a minimal system. Changes nothing.

    The command can't reach keepalived: without killall there is nothing that would signal it.
    """
    if skipped := not_agreed(site, "demonstrations"):
        return skipped
    ours = render_check_script(site.model.model_copy(update={"check_script": "fixed"}))
    theirs = site.master.run(_MINIMAL, COMMAND)
    down = site.master.run(_MINIMAL, f"ENTRY={NOBODY_LISTENS}\n{ours}")
    return (
        Sight(DEFECT, COMMAND, NOT_FOUND, seen_of(theirs.exit_status), theirs.stderr.strip()),
        Sight(CURE, "our script, about an entry that is down", REPORTS, seen_of(down.exit_status)),
    )


def seen_of(exit_status: int) -> str:
    """What a command's exit status says. Pure."""
    known = {_NOT_FOUND_STATUS: NOT_FOUND, _REFUSED_STATUS: REPORTS}
    return known.get(exit_status, f"exit status {exit_status}")


def without_killall_shown(found: Sequence[Sight] | Skipped) -> Check:
    """Check `demonstration.without-killall`: the one ends nothing without killall, the other needs no such thing."""
    claim = "Where killall is not installed, the chapter's last resort ends nothing; our script needs curl only."
    return Check("demonstration.without-killall", claim, "06", lambda: judge_sights(found, "Is curl there (00)?"))
