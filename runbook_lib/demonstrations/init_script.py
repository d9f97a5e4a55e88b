"""A demonstration: the init.d script beside a unit, and `cp` to a folder that is missing (chapter steps 4 and 5)."""

from __future__ import annotations

from collections.abc import Sequence

from runbook_lib.chapter.build import INIT_SCRIPT
from runbook_lib.checks.verdict import Check, Skipped
from runbook_lib.demonstrations.leaving import IN_A_FOLDER
from runbook_lib.demonstrations.sight import CURE, DEFECT, Sight, judge_sights
from runbook_lib.errors import HostError
from runbook_lib.failover.faults.inject import not_agreed
from runbook_lib.hosts import OpenSite

# systemd asks this program at each boot and daemon-reload to make units of init.d scripts. It is asked by hand here,
# about a folder with the chapter's script, once beside the node's units and once where there is none.
_TRY = IN_A_FOLDER + (
    "mkdir init.d none beside alone etc; cp %s init.d/keepalived && chmod +x init.d/keepalived || exit; "
    "made=$(ls /usr/lib/systemd/system-generators/systemd-sysv-generator /lib/systemd/system-generators/"
    "systemd-sysv-generator 2>/dev/null | head -n 1); "
    'asked() { SYSTEMD_SYSVINIT_PATH="$t/init.d" "$made" "$1" "$1" "$1" 2>/dev/null; '
    "[ -e $1/keepalived.service ] && echo a unit is made of it || echo it is ignored; }; "
    'asked "$t/beside"; export SYSTEMD_UNIT_PATH="$t/none"; asked "$t/alone"; '
    "cp init.d/keepalived etc/sysconfig; stat -c %%F etc/sysconfig; rm etc/sysconfig; "
    "mkdir etc/sysconfig; cp init.d/keepalived etc/sysconfig; stat -c %%F etc/sysconfig"
)
_EXPECTED = (
    (DEFECT, "the init.d script beside our unit", "it is ignored"),
    (CURE, "the same script where there is no unit", "a unit is made of it"),
    (DEFECT, "cp … etc/sysconfig, without such a folder", "regular file"),
    (CURE, "mkdir etc/sysconfig first", "directory"),
)


def show_init_script(site: OpenSite) -> tuple[Sight, ...] | Skipped:
    """Ask systemd's own generator, and `cp`, in a temporary folder of the MASTER. Changes nothing."""
    if skipped := not_agreed(site, "demonstrations"):
        return skipped
    script = f"{site.model.keepalived.prefix}/{INIT_SCRIPT}"
    return parse_tried(site.master.run(_TRY, script).check().stdout)


def parse_tried(said: str) -> tuple[Sight, ...]:
    """A line for each thing that was tried. Pure."""
    lines = said.splitlines()
    if len(lines) != len(_EXPECTED):
        raise HostError("The try of the init.d script printed another number of lines.", "Run notebook 03 again.")
    return tuple(Sight(*what, seen) for what, seen in zip(_EXPECTED, lines, strict=True))


def init_script_shown(found: Sequence[Sight] | Skipped) -> Check:
    """Check `demonstration.init-script`: systemd takes the unit; `cp` makes a file where the folder is missing."""
    claim = "systemd ignores the init.d script beside a unit, and cp makes a file where a folder was meant."
    hint = "A systemd without systemd-sysv-generator takes no init.d script at all."
    return Check("demonstration.init-script", claim, "03", lambda: judge_sights(found, hint))
