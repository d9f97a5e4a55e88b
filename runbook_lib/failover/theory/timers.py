"""VRRP's timers. Pure; seconds.

RFC 3768 6.1 (version 2), RFC 5798 6.1 (version 3; unchanged in RFC 9568 6.1); where keepalived differs, it says so.
"""

from __future__ import annotations

import re

from runbook_lib.keepalived_conf.model import USUAL_ADVERTS
from runbook_lib.site import LONGEST_V3_S, SHORTEST_V3_S


def skew_s(version: int, priority: int, advert_int_s: float) -> float:
    """Skew_Time of a BACKUP with this effective priority.

    Version 2: (256 - P)/256 s whatever the interval (RFC 3768 6.1); version 3: (256 - P)·A/256 (RFC 5798 6.1), with
    the A that it learned from the MASTER's advertisements.
    """
    return (256 - priority) / 256 * (advert_int_s if version == 3 else 1.0)


def master_down_s(advert_int_s: float, skew: float, adverts: int = USUAL_ADVERTS) -> float:
    """Master_Down_Interval: how long a BACKUP waits after the last advertisement (RFC 3768 6.1, RFC 5798 6.1)."""
    return adverts * advert_int_s + skew


def sent_advert_int_s(version: int, advert_int_s: float) -> float:
    """The interval as keepalived sends it: whole seconds in version 2, hundredths in version 3, rounded half up."""
    if version == 3:
        return max(SHORTEST_V3_S, min(LONGEST_V3_S, int(advert_int_s * 100 + 0.5) / 100))
    return float(max(1, min(255, int(advert_int_s + 0.5))))


def heeds_down_timer_adverts(keepalived: str) -> bool:
    """Whether this release knows `down_timer_adverts` (since 2.2.0); an unknown one is taken for a new one."""
    found = re.match(r"(\d+)\.(\d+)", keepalived)
    return found is None or (int(found[1]), int(found[2])) >= (2, 2)


def takeover_chance(loss: float, adverts: int = USUAL_ADVERTS) -> float:
    """How likely it is that just these `adverts` in a row are lost, when each is with probability `loss`."""
    return loss**adverts


def false_takeovers_per_hour(loss: float, advert_int_s: float, adverts: int = USUAL_ADVERTS) -> float:
    """How often an hour a BACKUP takes over though its MASTER lives, when each advertisement is lost with `loss`.

    Its timer runs out after `adverts` losses in a row: it is longer than so many intervals by skew, which is less than
    one. Until such a run (1 - p^n) / (p^n (1 - p)) advertisements pass on average (Feller, vol. 1, XIII.7).
    """
    if loss <= 0:
        return 0.0
    in_a_row = takeover_chance(loss, adverts)
    until = adverts if loss >= 1 else (1 - in_a_row) / (in_a_row * (1 - loss))
    return 3600 / advert_int_s / until
