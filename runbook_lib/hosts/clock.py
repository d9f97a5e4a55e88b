"""How far a machine's clock is from another's, measured over SSH."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass

from runbook_lib.hosts.host import Host

ROUND_TRIPS = 5


@dataclass(frozen=True)
class Clock:
    """A machine's clock against another's: `offset_s` ahead of it, give or take `error_s`."""

    offset_s: float
    error_s: float
    shared: bool = False
    """The two are one, as in the lab: the two numbers were measured, and are not used."""

    @property
    def ahead_s(self) -> float:
        """What to take off the machine's times to have the other's."""
        return 0.0 if self.shared else self.offset_s

    @property
    def uncertainty_s(self) -> float:
        """What such a time may be off."""
        return 0.0 if self.shared else self.error_s

    def against(self, other: Clock) -> Clock:
        """This one as seen from the other; both were measured from here."""
        return Clock(self.offset_s - other.offset_s, self.error_s + other.error_s)


def clock_of(host: Host) -> Clock:
    """The machine's clock against this one's, by the quickest of some round trips. Raises HostError."""
    return quickest(_round_trip(host) for _ in range(ROUND_TRIPS))


def quickest(trips: Iterable[tuple[float, float, float]]) -> Clock:
    """Of round trips (asked, answered, what the machine said), the shortest: it was right somewhere within. Pure."""
    asked, answered, said = min(trips, key=lambda trip: trip[1] - trip[0])
    return Clock(said - (asked + answered) / 2, (answered - asked) / 2)


def _round_trip(host: Host) -> tuple[float, float, float]:
    asked = time.time()
    said = host.run("date +%%s.%%N").check().stdout
    return asked, time.time(), float(said)
