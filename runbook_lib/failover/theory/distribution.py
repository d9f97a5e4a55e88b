"""How likely each length of an outage is, when every part of its band is as likely at any length. Pure."""

from __future__ import annotations

import math
from itertools import combinations

from runbook_lib.failover.theory.band import Band

STEPS = 100


def cdf(band: Band) -> tuple[tuple[float, float], ...]:
    """The distribution of a band: the sum of its parts, each uniform between its ends and independent of the others.

    Points (outage in s, probability of at most so long), rising; none where the outage has no predicted end, or parts
    that are alternatives.
    """
    if not band.bounded or any(part.alternative for part in band.parts):
        return ()
    widths = [part.high_s - part.low_s for part in band.parts if part.high_s > part.low_s]
    if not widths:
        return ((band.low_s, 0.0), (band.low_s, 1.0))
    span = sum(widths)
    reached = [_at_most(span * step / STEPS, widths) for step in range(STEPS + 1)]
    rising = [max(reached[: i + 1]) for i in range(STEPS)] + [1.0]  # floats may fall in the last digit
    return tuple((band.low_s + span * step / STEPS, chance) for step, chance in enumerate(rising))


def _at_most(x: float, widths: list[float]) -> float:
    """P(sum of U(0, w) <= x), by inclusion and exclusion (Feller, vol. 2, I.9)."""
    n = len(widths)
    total = 0.0
    for k in range(n + 1):
        for some in combinations(widths, k):
            total += (-1) ** k * max(0.0, x - sum(some)) ** n
    return min(1.0, max(0.0, total / (math.factorial(n) * math.prod(widths))))
