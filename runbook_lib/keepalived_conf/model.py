"""What a keepalived.conf says about who holds the VIP, as values; `parser` makes them."""

from __future__ import annotations

from dataclasses import dataclass, field

from runbook_lib.keepalived_conf.lines import Problem
from runbook_lib.keepalived_conf.statements import Statement

OWNER_PRIORITY = 255
HIGHEST_PRIORITY, LOWEST_PRIORITY = 254, 1
USUAL_ADVERTS = 3
"""How many advertisements may be missed, in every RFC; keepalived 2.2.0 and newer can be told another number."""


@dataclass(frozen=True)
class Script:
    """A `vrrp_script`: what is run every `interval` seconds, and how often it must fail."""

    name: str
    path: str
    interval_s: float
    timeout_s: float
    """How long a run may take; keepalived's default is the interval."""
    weight: int
    fall: int
    statement: Statement = field(compare=False)


@dataclass(frozen=True)
class Tracked:
    """Something that an instance tracks, with the weight that counts there; 0: its failure means FAULT."""

    name: str
    weight: int
    kind: str = "track_script"
    statement: Statement | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Instance:
    """A `vrrp_instance` as the protocol sees it."""

    name: str
    state: str
    interface: str
    router_id: int
    version: int
    priority: int
    advert_int_s: float
    auth: tuple[str, str] | None
    """Type and password; None: without."""
    vips: tuple[str, ...]
    excluded_vips: tuple[str, ...]
    nopreempt: bool
    preempt_delay_s: float
    down_timer_adverts: int
    """How many advertisements may be missed (a setting since 2.2.0)."""
    strict: bool
    tracked: tuple[Tracked, ...]
    """Scripts."""
    tracked_others: tuple[Tracked, ...]
    """Interfaces, files, processes and BFD sessions."""
    source: str
    """unicast_src_ip or mcast_src_ip; empty: the interface's address."""
    unicast_peers: tuple[str, ...]
    sync_group: str
    group_weights: bool
    """Its weights count: it is in no sync group, or in one that says so."""
    statement: Statement = field(compare=False)

    @property
    def weights(self) -> tuple[int, ...]:
        """Of everything that is tracked and whose failure moves the priority."""
        tracked = self.tracked + self.tracked_others if self.group_weights else ()
        return tuple(t.weight for t in tracked if t.weight)

    @property
    def well(self) -> int:
        """Its effective priority while all that it tracks is well: positive weights are added then."""
        return self._effective(sum(weight for weight in self.weights if weight > 0))

    @property
    def ill(self) -> int:
        """Its effective priority while all that it tracks fails: negative weights are added then."""
        return self._effective(sum(weight for weight in self.weights if weight < 0))

    def ill_of(self, failed: Tracked) -> int:
        """Its effective priority while only `failed` fails."""
        return self._effective(sum(w for w in self.weights if w > 0) - abs(failed.weight if self.group_weights else 0))

    def _effective(self, change: int) -> int:
        """keepalived keeps it at 1-254; an address owner's 255 never changes."""
        if self.priority == OWNER_PRIORITY:
            return OWNER_PRIORITY
        return max(LOWEST_PRIORITY, min(HIGHEST_PRIORITY, self.priority + change))


@dataclass(frozen=True)
class Configuration:
    """One node's file, with what it includes."""

    instances: tuple[Instance, ...]
    scripts: tuple[Script, ...]
    defaults: Statement
    """What all of its global_defs say, as one."""
    top: Statement
    """Everything in it, as it stands."""
    problems: tuple[Problem, ...]
    """What could not be read, or was not."""

    @property
    def script_security(self) -> bool:
        """Scripts are run only from a path that nobody else can write."""
        return self.defaults.has("enable_script_security")
