"""Chapter steps 10 and 12: start keepalived, MASTER first, and renew a daemon that runs with something older."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from runbook_lib.chapter.change import Change, Command
from runbook_lib.chapter.check_script import SCRIPT
from runbook_lib.chapter.config import CONFIG
from runbook_lib.chapter.operation import operation
from runbook_lib.chapter.service import BINARY, UNIT, UNIT_FILE, service_state
from runbook_lib.chapter.unit_processes import has_stopped
from runbook_lib.chapter.vip import holds_vip
from runbook_lib.hosts import Host, OpenSite
from runbook_lib.keepalived_conf.parser import parse_configuration

RECORD = "/run/runbook-keepalived"
"""Where our unit notes what the daemon has read; systemd makes the folder at the start and removes it at the stop."""
FROZEN = "is frozen (SIGSTOP)"
NOT_AGREED = "agree to it with -p disruption=faults"

# Restart, and wait until the daemon can take over: it first waits for its script's first run.
_RESTART_BACKUP = (
    "since=$(date '+%%F %%T'); systemctl restart %s; for i in $(seq 100); do "
    'journalctl --quiet --output=cat --unit=%s --since="$since" | '
    "grep -Eq 'Entering (BACKUP|MASTER) STATE' && exit 0; sleep 0.1; done; echo 'no VRRP state within 10 s' >&2; exit 1"
)


class Need(StrEnum):
    """What a daemon needs to run with its files as they stand now."""

    NOTHING = "nothing"
    START = "start"
    RELOAD = "reload"
    RESTART = "restart"


@dataclass(frozen=True)
class Daemon:
    """A keepalived as it runs, beside the files that it should run with."""

    host: str
    active: bool
    holds_vip: bool
    config: str
    """keepalived.conf as it stands."""
    read_config: str | None
    """keepalived.conf as the daemon read it; None: no record, it was not started by our unit."""
    files: str
    """SHA-256 of binary and unit file, as they stand."""
    started_files: str
    """The same when it was started."""
    script: bool
    """The check script is executable."""
    read_script: bool
    """It was when the daemon read its configuration; else keepalived disabled it until the next reload."""
    frozen: bool = False
    """A process of its unit is stopped, as by SIGSTOP."""

    @property
    def need(self) -> tuple[Need, str]:
        """What it needs, and why."""
        reasons = (
            (not self.active, Need.START, "not running"),
            (self.read_config is None, Need.RESTART, "was not started by our unit"),
            (self.files != self.started_files, Need.RESTART, "runs with an older binary or unit"),
            (self.changes_group, Need.RESTART, "runs with another VRRP version or VRID than its file's"),
            (self.config != self.read_config, Need.RELOAD, "runs with an older configuration"),
            (self.script and not self.read_script, Need.RELOAD, "has disabled the check script: it was not executable"),
        )
        found = ((need, why) for holds, need, why in reasons if holds)
        return next(found, (Need.NOTHING, "runs with its files as they stand"))

    @property
    def changes_group(self) -> bool:
        """Whether its file speaks of another VRRP group: then it won't hear a peer that was not changed, too."""
        return self.read_config is not None and _group(self.read_config) != _group(self.config)

    @property
    def advert_growth_s(self) -> float:
        """By how much the file's advert_int is longer than the running one, in seconds."""
        return _advert_int_s(self.config) - _advert_int_s(self.read_config or self.config)


def daemon_found(site: OpenSite, host: Host) -> Daemon:
    """What runs on a host, and what should: the files as they stand, or as earlier steps of a plan would leave them."""
    # Any exit status: a file that is not there is an answer. The unit writes its record with the same two commands.
    files = host.run("sha256sum %s %s", BINARY, UNIT_FILE).stdout
    script = host.run("find %s -perm -u+x", SCRIPT).stdout
    return Daemon(
        host=host.name,
        active=service_state(host).active in ("active", "reloading"),
        holds_vip=holds_vip(host, site.model.vip_address),
        config=site.planned.get((host.name, CONFIG)) or host.read_text(CONFIG) or "",
        read_config=host.read_text(f"{RECORD}/keepalived.conf"),
        files=f"{files}planned" if {(host.name, BINARY), (host.name, UNIT_FILE)} & set(site.planned) else files,
        started_files=host.read_text(f"{RECORD}/started") or "",
        script=bool(script) or (host.name, SCRIPT) in site.planned,
        read_script=bool(host.read_file(f"{RECORD}/script")),
        frozen=host.run("sh -c %s", has_stopped(UNIT)).exit_status == 0,
    )


def plan_daemons(master: Daemon, backup: Daemon, *, agreed: bool) -> tuple[Change, ...]:
    """What both need, in an order that keeps the VIP where it is as long as that is possible. Pure.

    What takes the VIP away (a restart of its holder; another VRRP version or VRID) is held back unless `agreed`.
    """
    # A BACKUP that an interrupted change left stopped must not start with the new group beside a MASTER of the old one.
    if master.changes_group and (backup.changes_group or not backup.active):
        return (*_thawed((master, backup)), *_regroup(master, backup, agreed))
    pair = (master, backup)
    if Need.RESTART in (master.need[0], backup.need[0]) or master.advert_growth_s > 0:
        # The BACKUP must be able to take over before the MASTER is restarted; and it drops advertisements of another
        # advert_int: of the two intervals it must know the longer one for as long as it drops them.
        pair = (backup, master)
    return (*_thawed(pair), *(_plan(daemon, agreed) for daemon in pair))


def _thawed(pair: Sequence[Daemon]) -> Iterator[Change]:
    """A daemon that is frozen reads no signal: it goes on first."""
    for found in pair:
        if found.frozen and found.active:
            thaw = Command("systemctl kill --signal=CONT %s", (UNIT,))
            yield Change(found.host, f"let {UNIT} go on", (thaw,), FROZEN, f"journalctl -u {UNIT} -n 50")


def _plan(found: Daemon, agreed: bool) -> Change:
    need, why = found.need
    match need:
        case Need.NOTHING:
            return Change.none(found.host, f"{UNIT} {why}")
        case Need.RESTART if found.holds_vip:
            return _disruptive(found, "the VIP leaves it for a moment", agreed)
        case Need.RESTART:
            restart = Command(_RESTART_BACKUP, (UNIT, UNIT), shown=f"systemctl restart {UNIT}, and wait for its state")
            return Change(found.host, f"restart {UNIT}", (restart,), why)
        case _:
            hint = f"journalctl -u {UNIT} -n 50"
            return Change(found.host, f"{need} {UNIT}", (Command(f"systemctl {need} %s", (UNIT,)),), why, hint)


def _disruptive(found: Daemon, warning: str, agreed: bool) -> Change:
    why = found.need[1]
    if not agreed:
        return Change(found.host, f"{UNIT} {why}: not restarted, {NOT_AGREED}", warning=warning, held_back=True)
    return Change(found.host, f"restart {UNIT}", (Command("systemctl restart %s", (UNIT,)),), why, warning=warning)


def _regroup(master: Daemon, backup: Daemon, agreed: bool) -> tuple[Change, ...]:
    """Change both nodes' VRRP group: the BACKUP is stopped meanwhile, else it would take the VIP as well."""
    warning = "another VRRP version or VRID: nobody holds the VIP until the MASTER has waited 3A + skew"
    restart = _disruptive(master, warning, agreed)
    if not agreed:
        return restart, _disruptive(backup, warning, agreed)
    why = backup.need[1]
    stop = Change(backup.host, f"stop {UNIT}", (Command("systemctl stop %s", (UNIT,)),), why, warning=warning)
    return stop, restart, Change(backup.host, f"start {UNIT}", (Command("systemctl start %s", (UNIT,)),), "stopped")


def _group(config: str) -> frozenset[tuple[str, int, int]]:
    return frozenset((i.name, i.version, i.router_id) for i in parse_configuration(config).instances)


def _advert_int_s(config: str) -> float:
    return max((i.advert_int_s for i in parse_configuration(config).instances), default=0.0)


@operation("07", "Start keepalived, or renew what runs with older files")
def start_keepalived(site: OpenSite) -> tuple[Change, ...]:
    """Both daemons run, with their files as they stand (chapter steps 10 and 12): the MASTER is started first.

    A BACKUP that is started 0.2 s before the MASTER would hold the VIP for a moment.
    """
    master, backup = (daemon_found(site, host) for host in site.nodes)
    return plan_daemons(master, backup, agreed=site.model.allows("faults"))
