"""A check is a named, read-only, executable claim about a site; a verdict is what one observation of it says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """The five verdicts. WARNED: other than asked, and one may go on. UNKNOWN: not observed, which is not FAILED."""

    PASSED = "PASSED"
    WARNED = "WARNED"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"
    UNKNOWN = "UNKNOWN"

    @property
    def is_good(self) -> bool:
        """Whether one may go on: neither FAILED nor UNKNOWN."""
        return self not in (Status.FAILED, Status.UNKNOWN)


@dataclass(frozen=True)
class Verdict:
    """What one observation of a check says; `hint` fits what was observed, and is empty when all is well."""

    status: Status
    observed: str
    hint: str = ""

    @classmethod
    def passed(cls, observed: str) -> Verdict:
        """The claim holds."""
        return cls(Status.PASSED, observed)

    @classmethod
    def warned(cls, observed: str, hint: str) -> Verdict:
        """The claim holds by other means than asked; or it does not hold, and one may go on all the same."""
        return cls(Status.WARNED, observed, hint)

    @classmethod
    def failed(cls, observed: str, hint: str) -> Verdict:
        """The claim does not hold."""
        return cls(Status.FAILED, observed, hint)

    @classmethod
    def skipped(cls, reason: str) -> Verdict:
        """Not judged, for this reason."""
        return cls(Status.SKIPPED, reason)

    @classmethod
    def unknown(cls, observed: str, hint: str) -> Verdict:
        """Could not be observed."""
        return cls(Status.UNKNOWN, observed, hint)


@dataclass(frozen=True)
class Check:
    """A claim that can be observed now; made for one site by the functions of this room."""

    id: str
    """`vip.one-holder`: room of the claim, then the claim."""
    claim: str
    """One sentence that is true when the check passes."""
    notebook: str
    """The notebook that brings it about: `07`."""
    observe: Callable[[], Verdict]
    """Look once. Raises HostError when a machine could not be asked: that is UNKNOWN."""


@dataclass(frozen=True)
class Skipped:
    """Nothing was done, for this reason."""

    reason: str

    def __repr__(self) -> str:
        return f"SKIPPED: {self.reason}"
