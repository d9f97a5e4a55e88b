"""Verdicts of notebooks and runs, and the exit status that follows from them."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Outcome(StrEnum):
    """How a notebook or a run ended, the gravest last."""

    SKIPPED = "SKIPPED"
    """Nothing was judged: every check was SKIPPED."""
    PASSED = "PASSED"
    WARNED = "WARNED"
    UNKNOWN = "UNKNOWN"
    """A check could not be observed."""
    FAILED = "FAILED"
    ERROR = "ERROR"
    """It could not be run to its end, for a reason other than a check."""
    INTERRUPTED = "INTERRUPTED"

    @property
    def exit_status(self) -> int:
        """0 all passed, 1 a check failed or could not be observed, 2 could not run, 3 warnings, 130 interrupted."""
        return _EXIT_STATUS[self]

    @property
    def goes_on(self) -> bool:
        """Whether the next notebook may run after this one."""
        return self.exit_status in (0, 3)


_EXIT_STATUS = {
    Outcome.SKIPPED: 0,
    Outcome.PASSED: 0,
    Outcome.WARNED: 3,
    Outcome.FAILED: 1,
    Outcome.UNKNOWN: 1,
    Outcome.ERROR: 2,
    Outcome.INTERRUPTED: 130,
}


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """The gravest; PASSED when there is none at all. One that passed outweighs those that were skipped. Pure."""
    order = list(Outcome)
    return max(outcomes, key=order.index, default=Outcome.PASSED)
