"""The numbers that keepalived takes, from the range checks of its sources; it ignores any other. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

MOST = 2147483647


@dataclass(frozen=True)
class Range:
    """The numbers that a keyword takes."""

    low: float
    high: float = inf
    whole: bool = True

    def takes(self, word: str) -> bool:
        """Whether a word is such a number."""
        if not word.isascii() or "_" in word:  # Python reads more than keepalived does
            return False
        try:
            value = int(word) if self.whole else float(word)
        except ValueError:
            return False
        return self.low <= value <= self.high

    def __str__(self) -> str:
        kind = "a whole number" if self.whole else "a number"
        return f"{kind} from {self.low:g}" + (f" to {self.high:g}" if self.high < inf else "")


RANGES: dict[str, dict[str, Range]] = {
    "global_defs": {
        "vrrp_version": Range(2, 3),
        "vrrp_down_timer_adverts": Range(1, 100),
        "vrrp_garp_master_delay": Range(0),
        "vrrp_garp_master_repeat": Range(1),
        "vrrp_garp_interval": Range(0, whole=False),
    },
    "vrrp_instance": {
        "virtual_router_id": Range(1, 255),
        "priority": Range(1, 255),
        "advert_int": Range(0.01, 255, whole=False),
        "version": Range(2, 3),
        "preempt_delay": Range(0, 1000, whole=False),
        "down_timer_adverts": Range(1, 100),
        "unicast_ttl": Range(0, 255),
        "debug": Range(0, 4),
        "garp_master_delay": Range(0),
        "garp_master_repeat": Range(1),
        "garp_master_refresh": Range(0),
        "garp_master_refresh_repeat": Range(1),
        "garp_lower_prio_delay": Range(0),
        "garp_lower_prio_repeat": Range(0),
    },
    "vrrp_script": {
        "interval": Range(1, 4294),
        "timeout": Range(1, 4294),
        "weight": Range(-253, 253),
        "fall": Range(1, MOST),
        "rise": Range(1, MOST),
    },
    "vrrp_track_process": {"weight": Range(-254, 254), "quorum": Range(1, 65535), "delay": Range(0, 3600, whole=False)},
}
TRACKED_WEIGHT = Range(-253, 253)
