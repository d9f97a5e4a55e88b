"""What a demonstration leaves: the chapter's way and ours, each with what should be seen of it, and what was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from runbook_lib.checks.verdict import Skipped, Verdict

Shows: TypeAlias = Literal["the defect", "the cure"]
DEFECT: Shows = "the defect"
CURE: Shows = "the cure"


@dataclass(frozen=True)
class Sight:
    """One thing that was tried, as a row for the reader."""

    shows: Shows
    tried: str
    expected: str
    seen: str
    said: str = ""
    """The machine's own words, where they tell more; they differ from release to release."""

    @property
    def as_expected(self) -> bool:
        """What should be seen was seen."""
        return self.seen == self.expected


def judge_sights(found: Sequence[Sight] | Skipped, hint: str) -> Verdict:
    """PASSED when defect and cure were both seen; else FAILED with what should have been, and the hint. Pure."""
    if isinstance(found, Skipped):
        return Verdict.skipped(found.reason)
    if wrong := next((sight for sight in found if not sight.as_expected), None):
        return Verdict.failed(f"{wrong.tried}: {wrong.seen}", f"It should have been: {wrong.expected}. {hint}")
    return Verdict.passed("; ".join(f"{sight.tried}: {sight.seen}" for sight in found))
