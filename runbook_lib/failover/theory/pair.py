"""Who holds the VIP and who is to take it over, from their configurations as keepalived reads them. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from runbook_lib.chapter.config import render_configuration
from runbook_lib.checks.config_findings import NodeConfiguration, Side
from runbook_lib.checks.config_linter import instance_pairs
from runbook_lib.failover.theory.timers import (
    heeds_down_timer_adverts,
    master_down_s,
    sent_advert_int_s,
    skew_s,
)
from runbook_lib.keepalived_conf.model import OWNER_PRIORITY, USUAL_ADVERTS, Script, Tracked
from runbook_lib.keepalived_conf.parser import parse_configuration
from runbook_lib.site import Node, Site

KNOWN_VERSIONS = ("2.1.5", "2.2.7")
"""The releases whose timers were read and measured; of others no exact moment is predicted."""
CHAPTER_SLEEP_S = 2.0
"""`sleep 2` in the chapter's script: longer than its timeout, which defaults to the interval of 2 s."""
SCRIPT_RUN_S = 0.1
"""At most what our script takes when nobody listens on the port: a refusal comes at once."""
SERVICE_WORDS = ("openresty", "nginx", "http", "curl", "web", "haproxy")


@dataclass(frozen=True)
class Behaviour:
    """What a check script does: the configuration names it, and no more."""

    down_s: tuple[float, float]
    """How long a run takes, at least and at most, to say that nobody listens."""
    frozen_s: tuple[float, float] | None
    """The same for a service that takes connections and never answers; None: it doesn't see that."""
    surely: bool = True
    """False: only its name and its command tell what it looks at."""
    for_service: bool = True
    """False: nor do they name the service."""
    starts_service: bool = False
    """It starts OpenResty by itself."""
    kills_keepalived_s: float | None = None
    """After so long a run ends keepalived; None: never."""


@dataclass(frozen=True)
class Pair:
    """Who holds the VIP, and so is hit, and who is to take it over."""

    holder: Side
    standby: Side
    keepalived: str
    """The release on the nodes; empty: not known."""
    behaviour: Behaviour
    restart_s: float | None
    """RestartSec of OpenResty's unit; None: not known."""

    @classmethod
    def of(cls, site: Site, holder: str | None = None, keepalived: str = "") -> Pair:
        """A site's pair, from what is rendered for it, with this node as its holder; None: the MASTER.

        `keepalived`: the release found on the nodes; empty: the one that the site asks for.
        """
        master, backup = (_rendered(site, node) for node in site.nodes.pair)
        sides = (backup, master) if holder == backup.name else (master, backup)
        found = keepalived or site.keepalived.version
        return cls(*sides, found, _behaviour(site), site.openresty.restart_s)

    @classmethod
    def of_files(cls, first: NodeConfiguration, second: NodeConfiguration, keepalived: str = "") -> tuple[Pair, ...]:
        """A pair for each instance that both files have; the one with the higher effective priority holds its VIP."""
        pairs = []
        for sides in instance_pairs(first, second):
            holder, standby = sorted(sides, key=lambda s: (s.instance.well, s.instance.state == "MASTER"), reverse=True)
            pairs.append(cls(holder, standby, keepalived, _unknown(watching(holder)), None))
        return tuple(pairs)

    @property
    def version_known(self) -> bool:
        """Whether this release's timers are known for certain."""
        return self.keepalived in KNOWN_VERSIONS

    @property
    def version(self) -> int:
        """VRRP's."""
        return self.holder.instance.version

    @property
    def advert_s(self) -> float:
        """The interval on the wire: the MASTER's."""
        return sent_advert_int_s(self.version, self.holder.instance.advert_int_s)

    @property
    def adverts(self) -> int:
        """How many the standby may miss."""
        return self.adverts_of(self.standby)

    def adverts_of(self, side: Side) -> int:
        """How many this node may miss while it is BACKUP."""
        heeded = heeds_down_timer_adverts(self.keepalived)
        return side.instance.down_timer_adverts if heeded else USUAL_ADVERTS

    @property
    def standing_priority(self) -> int:
        """The standby's effective priority while all that it tracks is well: its skew depends on it."""
        return self.standby.instance.well

    @property
    def skew_s(self) -> float:
        """The standby's Skew_Time."""
        return skew_s(self.version, self.standing_priority, self.advert_s)

    @property
    def master_down_s(self) -> float:
        """The standby's Master_Down_Interval."""
        return master_down_s(self.advert_s, self.skew_s, self.adverts)


def watching(side: Side) -> tuple[Tracked, Script] | None:
    """The script that looks at the service: of several the first whose name or command sounds like it."""
    scripts = {script.name: script for script in side.node.configuration.scripts}
    found = [(t, scripts[t.name]) for t in side.instance.tracked if t.name in scripts]
    return next((pair for pair in found if _sounds_like_service(pair[1])), next(iter(found), None))


def _sounds_like_service(script: Script) -> bool:
    return any(word in f"{script.name} {script.path}".lower() for word in SERVICE_WORDS)


def never_preempts(side: Side) -> bool:
    """Whether `nopreempt` counts there: keepalived clears it with state MASTER, and for the address owner."""
    instance = side.instance
    return instance.nopreempt and instance.state != "MASTER" and instance.priority != OWNER_PRIORITY


def preempt_delay_s(side: Side) -> float:
    """How long it leaves the VIP to a MASTER of lower priority; keepalived clears it with state MASTER or nopreempt."""
    return 0.0 if side.instance.state == "MASTER" or never_preempts(side) else side.instance.preempt_delay_s


def _rendered(site: Site, node: Node) -> Side:
    configuration = parse_configuration(render_configuration(site, node), f"{node.name}:keepalived.conf", node.name)
    return Side(NodeConfiguration(node.name, node.address, configuration), configuration.instances[0])


def _behaviour(site: Site) -> Behaviour:
    """Of the two scripts that this project knows; keepalived ends a run after `timeout`, which is the interval."""
    interval = float(site.check.interval)
    if site.check_script == "chapter":
        run = min(interval, CHAPTER_SLEEP_S)
        kills = CHAPTER_SLEEP_S if interval > CHAPTER_SLEEP_S else None  # else its own sleep outlasts it
        return Behaviour((run, run), None, starts_service=True, kills_keepalived_s=kills)
    return Behaviour((0.0, SCRIPT_RUN_S), (interval / 2, interval / 2 + SCRIPT_RUN_S))  # curl's --max-time


def _unknown(watched: tuple[Tracked, Script] | None) -> Behaviour:
    timeout = watched[1].timeout_s if watched else 0.0
    for_service = watched is not None and _sounds_like_service(watched[1])
    return Behaviour((0.0, timeout), (0.0, timeout), surely=False, for_service=for_service)
