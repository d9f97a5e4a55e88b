"""The invariant that watches every trial: never two holders of the VIP, none only while a fault is taken over. Pure.

Correct runs overlap for a moment (a hand-over by weight by 2 ms, a preemption by 20 ms): hence an allowance.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from runbook_lib.failover.measuring.holders import Hold

ALLOWANCE_S = 0.100
"""A hand-over may take so long, over the error of the clocks."""


@dataclass(frozen=True)
class Breach:
    """A stretch of time in which the VIP had not one holder, whether that was allowed or not."""

    nodes: tuple[str, ...]
    """Who held it: two, or nobody."""
    start_s: float
    end_s: float
    error_s: float
    """What its length may be off, by the clocks."""
    at_most: bool = False
    """It ended at the latest then: the node that held the VIP next had just booted, and was not watched at once."""

    @property
    def duration_s(self) -> float:
        """Seconds."""
        return self.end_s - self.start_s

    @property
    def beyond_allowance(self) -> bool:
        """Longer than a hand-over takes, whatever the clocks say."""
        return self.duration_s > ALLOWANCE_S + self.error_s and not self.at_most

    def __str__(self) -> str:
        who = f"{' and '.join(self.nodes)} both held the VIP" if self.nodes else "nobody held the VIP"
        error = f" (± {self.error_s * 1e3:.0f} ms)" if self.error_s else ""
        return f"{who} for {'at most ' if self.at_most else ''}{self.duration_s * 1e3:.0f} ms{error}"


@dataclass(frozen=True)
class Allowed:
    """When nobody may hold the VIP: from the fault until its undo, for as long as the prediction says at most."""

    fault_s: float
    undone_s: float
    high_s: float
    """The upper end of the band with its tolerance; 0 where the VIP is predicted to stay."""

    def excuses(self, gap: Breach) -> bool:
        """Whether the gap is the predicted one."""
        begins = self.fault_s - gap.error_s <= gap.start_s <= self.undone_s + gap.error_s
        return begins and gap.duration_s <= self.high_s + gap.error_s


def overlaps(holds: Sequence[Hold], end_s: float) -> tuple[Breach, ...]:
    """Every stretch in which two nodes held the VIP, in order."""
    return tuple(sorted(_overlaps(holds, end_s), key=lambda breach: breach.start_s))


def gaps(holds: Sequence[Hold], start_s: float, end_s: float) -> tuple[Breach, ...]:
    """Every stretch between `start_s` and `end_s` in which no node held the VIP, in order."""
    error = sum({hold.node: hold.error_s for hold in holds}.values())
    found, reached = [], start_s
    for hold in sorted(holds, key=lambda hold: hold.start_s):
        if reached < min(hold.start_s, end_s):
            found.append(Breach((), reached, min(hold.start_s, end_s), error, at_most=hold.found))
        reached = max(reached, hold.until(end_s))
    return (*found, Breach((), reached, end_s, error)) if reached < end_s else tuple(found)


def violations(overlapping: Sequence[Breach], empty: Sequence[Breach], allowed: Allowed) -> tuple[Breach, ...]:
    """What neither the hand-over allowance nor the prediction excuses, in order."""
    wrong = [breach for breach in overlapping if breach.beyond_allowance]
    wrong += [gap for gap in empty if gap.beyond_allowance and not allowed.excuses(gap)]
    return tuple(sorted(wrong, key=lambda breach: breach.start_s))


def _overlaps(holds: Sequence[Hold], end_s: float) -> Iterator[Breach]:
    for i, one in enumerate(holds):
        for other in holds[i + 1 :]:
            start, end = max(one.start_s, other.start_s), min(one.until(end_s), other.until(end_s))
            if one.node != other.node and start < end:
                yield Breach(tuple(sorted((one.node, other.node))), start, end, one.error_s + other.error_s)
