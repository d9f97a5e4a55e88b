"""What the probe's samples say: who answered when, and how long nobody did. Pure: text and numbers in, numbers out.

Times are seconds since the probe's start, on the observer's monotonic clock.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from runbook_lib.errors import RunbookError

DISTURBED_S = 0.020
"""A send later than this: the measuring machine stalled, and the trial is kept and counted, not judged."""
HEADER = "# runbook probe 2 start_unix_us="
HTTP, TCP, ICMP, ARP = "http", "tcp", "icmp", "arp"
LANES = (HTTP, TCP, ICMP, ARP)
"""The probe's ways of asking, from the service down to the segment."""


@dataclass(frozen=True)
class Sample:
    """One request of the probe, in one of its lanes."""

    seq: int
    sent_s: float
    late_s: float
    """How long after its planned moment it was sent."""
    done_s: float
    """When the answer was there, or the failure known."""
    kind: str
    """ok, timeout, refused, reset, unreachable, closed, status-NNN; local-ERRNO where the observer could not send."""
    entry: str
    """Who answered: the entry (X-Entry) or, to ARP, the MAC address; empty where an answer doesn't say."""
    lane: str = HTTP

    @property
    def good(self) -> bool:
        """Answered: HTTP with 200, the others at all."""
        return self.kind == "ok"

    @property
    def observed(self) -> bool:
        """False where the observer itself could not send: that says nothing about the service."""
        return not self.kind.startswith("local-")


@dataclass(frozen=True)
class Recording:
    """What one probe wrote; `start_unix_s` ties its clock to the calendar."""

    start_unix_s: float
    samples: tuple[Sample, ...]
    """Those of HTTP, in the order in which they were sent."""
    text: str = field(repr=False)
    """As it was written: what data/ keeps."""
    others: Mapping[str, tuple[Sample, ...]] = field(default_factory=dict)
    """Those of the other lanes that could be probed."""
    missing: Mapping[str, str] = field(default_factory=dict)
    """Why a lane could not be probed."""

    def lane(self, name: str) -> tuple[Sample, ...]:
        """The samples of a lane; none where it could not be probed."""
        return self.samples if name == HTTP else self.others.get(name, ())


@dataclass(frozen=True)
class Window:
    """The stretch of time in which a fault is taken over: from the fault, or as early as the clocks allow, to its undo.

    The one rule for what belongs to a fault, whoever asks: waiting, timeline, verdict, chart and table.
    """

    start_s: float
    end_s: float = math.inf
    """Infinite while it lasts."""

    def holds(self, at_s: float) -> bool:
        """Whether the moment lies in it."""
        return self.start_s <= at_s <= self.end_s


@dataclass(frozen=True)
class Outage:
    """From the send of the first failed request to the send of the first good one after it."""

    start_s: float
    end_s: float | None
    """None: no good request came after it."""
    start_gap_s: float
    """It may have begun this much earlier: the gap to the last good send."""
    end_gap_s: float
    """It may have ended this much earlier: the gap to the last failed send."""
    kinds: tuple[tuple[str, int], ...]
    """How its requests failed, most frequent first. A timeout is not a refusal."""
    entry_after: str

    @property
    def duration_s(self) -> float | None:
        """Seconds; None while it has no end."""
        return None if self.end_s is None else self.end_s - self.start_s

    def __str__(self) -> str:
        failed = ", ".join(f"{count} {kind}" for kind, count in self.kinds)
        if self.duration_s is None:
            return f"without end ({failed})"
        edges = f"+{self.start_gap_s * 1e3:.0f}/−{self.end_gap_s * 1e3:.0f}"
        return f"{self.duration_s * 1e3:.0f} ms ({edges} ms; {failed})"


@dataclass(frozen=True)
class Span:
    """A stretch of requests with one answer: the entry that gave it, or the kind of failure."""

    label: str
    good: bool
    start_s: float
    end_s: float


def parse_recording(text: str) -> Recording:
    """What the probe wrote; a torn last line (it was killed) is left out. Raises RunbookError when it is none."""
    lines = text[: text.rfind("\n") + 1].splitlines()
    if not lines or not lines[0].startswith(HEADER):
        raise RunbookError(f"These are no samples of the probe: {text[:60]!r}.", "See the probe's own messages.")
    start = lines[0].removeprefix(HEADER).partition(" ")[0]
    samples = sorted((parse_sample(line) for line in lines[2:] if is_sample(line)), key=lambda sample: sample.seq)
    by_lane = {name: tuple(sample for sample in samples if sample.lane == name) for name in LANES}
    missing = (line.removeprefix("# no ").partition(": ") for line in lines[2:] if line.startswith("# no "))
    return Recording(
        start_unix_s=int(start) / 1e6,
        samples=by_lane.pop(HTTP),
        text=text,
        others={name: made for name, made in by_lane.items() if made},
        missing={name: why for name, _, why in missing},
    )


def is_sample(line: str) -> bool:
    """Whether the line is a request's: the probe's remarks begin with a hash."""
    return not line.startswith("#")


def parse_sample(line: str) -> Sample:
    """One line of the probe: `lane,seq,sent,late,done,kind,entry`, microseconds."""
    lane, seq, sent, late, done, kind, entry = line.split(",")
    return Sample(int(seq), int(sent) / 1e6, int(late) / 1e6, int(done) / 1e6, kind, entry, lane)


def find_outages(samples: Sequence[Sample]) -> tuple[Outage, ...]:
    """Every outage, in order. Requests that the observer could not send widen the gaps and are nothing else."""
    runs = [list(run) for _, run in groupby(filter(_observed, samples), key=lambda sample: sample.good)]
    found = []
    for i, run in enumerate(runs):
        if not run[0].good:
            before = runs[i - 1][-1] if i else None
            after = runs[i + 1][0] if i + 1 < len(runs) else None
            found.append(_outage(before, run, after))
    return tuple(found)


def outage_of_fault(samples: Sequence[Sample], window: Window) -> Outage | None:
    """The first outage that begins in the window of a fault; None: nothing was lost in it.

    A request that was sent before the window and lost is no part of it. Where the loss goes on into the window, the
    outage begins with the first request in it, and what was lost before stands in its `start_gap_s`.
    """
    outage = next(iter(find_outages([sample for sample in samples if sample.sent_s >= window.start_s])), None)
    if outage is None or outage.start_s > window.end_s:
        return None
    good_s = max((s.sent_s for s in samples if s.good and s.sent_s < outage.start_s), default=outage.start_s)
    return replace(outage, start_gap_s=outage.start_s - good_s)


def worst_lateness_s(samples: Iterable[Sample], from_s: float, to_s: float) -> float:
    """How late the latest send of a stretch of time was; 0 without samples."""
    inside = [sample for sample in samples if from_s <= sample.sent_s <= to_s]
    return max((sample.late_s for sample in inside), default=0.0)


def answers(samples: Sequence[Sample]) -> Iterator[Span]:
    """Who answered, or how requests failed, stretch by stretch."""
    for (good, label), run in groupby(filter(_observed, samples), key=_answer):
        stretch = list(run)
        yield Span(label, good, stretch[0].sent_s, stretch[-1].sent_s)


def _observed(sample: Sample) -> bool:
    return sample.observed


def _answer(sample: Sample) -> tuple[bool, str]:
    return sample.good, sample.entry if sample.good else sample.kind


def _outage(before: Sample | None, run: Sequence[Sample], after: Sample | None) -> Outage:
    return Outage(
        start_s=run[0].sent_s,
        end_s=after.sent_s if after else None,
        start_gap_s=run[0].sent_s - before.sent_s if before else 0.0,
        end_gap_s=after.sent_s - run[-1].sent_s if after else 0.0,
        kinds=tuple(Counter(sample.kind for sample in run).most_common()),
        entry_after=after.entry if after else "",
    )
