"""A predicted range, and the parts that it is the sum of. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """One thing that has to pass, and how long it takes."""

    name: str
    low_s: float
    high_s: float
    words: str
    alternative: bool = False
    """It passes instead of another, in some cases: the band's ends count it, a distribution is not known."""


@dataclass(frozen=True)
class Band:
    """The predicted range of an outage in seconds; an infinite end: nothing ends it before the fault is undone."""

    low_s: float
    high_s: float
    because: str
    """The sum that gave it, in words and numbers."""
    parts: tuple[Part, ...] = ()
    """In the order in which they pass; their sums are the ends."""

    @classmethod
    def of(cls, parts: Iterable[Part], because: str) -> Band:
        """The band of parts that pass one after the other."""
        parts = tuple(parts)
        return cls(sum(p.low_s for p in parts), sum(p.high_s for p in parts), because, parts)

    @property
    def never(self) -> bool:
        """The configuration never answers this fault: the outage lasts until the undo."""
        return math.isinf(self.low_s)

    @property
    def says_nothing(self) -> bool:
        """Any outage lies in it, and none: only how often one comes is predicted."""
        return self.low_s == 0 and not self.bounded

    @property
    def bounded(self) -> bool:
        """Both ends are known."""
        return math.isfinite(self.high_s)

    def holds(self, outage_s: float, tolerance_s: float) -> bool:
        """Whether an outage lies in the band, give or take `tolerance_s`."""
        return self.low_s - tolerance_s <= outage_s <= self.high_s + tolerance_s

    def __str__(self) -> str:
        if self.never:
            return "until the undo"
        low, high = f"{self.low_s:.3f}", f"{self.high_s:.3f}"
        if not self.bounded:
            return f"{low} s or longer"
        return f"{low} s" if low == high else f"{low}-{high} s"
