"""How far a machine's clock is from another's, measured over SSH (Cristian's algorithm, 1989)."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from dataclasses import dataclass

from runbook_lib.errors import HostError
from runbook_lib.hosts.host import Host

ROUND_TRIPS = 5


@dataclass(frozen=True)
class ClockOffset:
    """A machine's clock is `offset_s` ahead of another's, give or take `error_s`."""

    offset_s: float
    error_s: float

    def against(self, other: ClockOffset) -> ClockOffset:
        """The first as seen from the second; both were measured from here."""
        return ClockOffset(self.offset_s - other.offset_s, self.error_s + other.error_s)


def clock_offset(host: Host) -> ClockOffset:
    """Of the machine's clock against this one's, by the quickest of some round trips. Raises HostError."""
    return quickest(_round_trip(host) for _ in range(ROUND_TRIPS))


def quickest(trips: Iterable[tuple[float, float, float]]) -> ClockOffset:
    """Of round trips (asked, answered, what the machine said), the shortest: it was right somewhere within. Pure."""
    asked, answered, said = min(trips, key=lambda trip: trip[1] - trip[0])
    return ClockOffset(said - (asked + answered) / 2, (answered - asked) / 2)


def parse_clock(host: str, said: str) -> float:
    """Seconds since 1970 in what `date +%s.%N` printed. Raises HostError. Pure."""
    if not re.fullmatch(r"\d{1,11}\.\d{1,9}\n?", said, re.ASCII):
        raise HostError(f"{host}: `date` does not tell its clock's time.", f"Run on {host}: date +%s.%N")
    return float(said)


def _round_trip(host: Host) -> tuple[float, float, float]:
    asked = time.time()
    said = host.run("date +%%s.%%N").check().stdout
    return asked, time.time(), parse_clock(host.name, said)
