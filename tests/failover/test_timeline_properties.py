"""What holds of every timeline, whatever was recorded."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from raw_trials import STEADY_S, Story, raw_trial

from runbook_lib.failover.measuring.handover import TOGETHER_S
from runbook_lib.failover.measuring.holders import Hold, Seen, find_holds
from runbook_lib.failover.measuring.invariant import gaps, overlaps
from runbook_lib.failover.measuring.layers import find_parts
from runbook_lib.failover.measuring.samples import Sample, answers, find_outages
from runbook_lib.failover.measuring.timeline import Timeline, timeline
from runbook_lib.hosts import ClockOffset

KINDS = ("ok", "timeout", "refused", "local-ENOBUFS")
recorded = st.lists(
    st.tuples(st.sampled_from(KINDS), st.integers(1, 50), st.sampled_from(("node129", "node128"))), min_size=1
)
stories = st.builds(
    Story,
    fault_s=st.integers(1500, 3900).map(lambda ms: ms / 1000),
    phase_s=st.integers(10, 990).map(lambda ms: ms / 1000),
    goodbye=st.booleans(),
)
times = st.integers(0, 10_000).map(lambda ms: ms / 1000)
whole = settings(max_examples=25, deadline=None)


def samples(steps: list[tuple[str, int, str]]) -> tuple[Sample, ...]:
    """Each so many milliseconds after the one before."""
    made, sent = [], 0.0
    for seq, (kind, gap_ms, entry) in enumerate(steps):
        sent += gap_ms / 1000
        made.append(Sample(seq, sent, 0.0, sent + 0.001, kind, entry if kind == "ok" else ""))
    return tuple(made)


@given(recorded)
def test_the_edges_of_an_outage_are_sends(steps: list[tuple[str, int, str]]) -> None:
    asked = samples(steps)
    failed = {s.sent_s for s in asked if s.observed and not s.good}
    answered = {s.sent_s for s in asked if s.good}
    for outage in find_outages(asked):
        assert outage.start_s in failed
        assert outage.end_s is None or outage.end_s in answered


@given(recorded)
def test_every_observed_request_is_in_exactly_one_span_and_every_failed_one_in_one_outage(
    steps: list[tuple[str, int, str]],
) -> None:
    asked = samples(steps)
    observed = [s for s in asked if s.observed]
    spans, outages = list(answers(asked)), find_outages(asked)
    for s in observed:
        assert sum(span.start_s <= s.sent_s <= span.end_s for span in spans) == 1
    assert sum(count for outage in outages for _, count in outage.kinds) == sum(not s.good for s in observed)
    bad = sum((o.end_s or observed[-1].sent_s) - o.start_s for o in outages)
    runs = [list(run) for _, run in groupby(observed, key=lambda s: s.good)]
    good = sum(
        (runs[i + 1][0] if i + 1 < len(runs) else run[-1]).sent_s - run[0].sent_s
        for i, run in enumerate(runs)
        if run[0].good
    )
    if observed:
        assert good + bad == pytest.approx(observed[-1].sent_s - observed[0].sent_s)


@given(recorded)
def test_what_was_not_observed_changes_no_outage(steps: list[tuple[str, int, str]]) -> None:
    asked = samples(steps)
    assert find_outages([s for s in asked if s.observed]) == find_outages(asked)


@whole
@given(stories, st.integers(-(10**7), 10**7), st.integers(-5000, 5000))
def test_it_matters_neither_when_it_was_nor_how_wrong_the_nodes_clocks_are(
    story: Story, start: int, ahead: int
) -> None:
    moved = replace(story, start_s=start / 1000, node_clock_s=ahead / 1000)
    assert moments(timeline(raw_trial(moved))) == pytest.approx(moments(timeline(raw_trial(story))), abs=5e-6)


@whole
@given(stories)
def test_a_shift_of_the_probes_zero_shifts_every_moment(story: Story) -> None:
    raw, by = raw_trial(story), 0.5
    earlier = replace(
        raw,
        recording=replace(
            raw.recording,
            start_unix_s=raw.recording.start_unix_s - by,
            samples=shifted(raw.recording.samples, by),
            others={name: shifted(lane, by) for name, lane in raw.recording.others.items()},
        ),
        fault_s=raw.fault_s + by,
        undone_s=raw.undone_s + by,
        steady_s=raw.steady_s + by,
    )
    assert moments(timeline(earlier)) == pytest.approx([at + by for at in moments(timeline(raw))], abs=5e-6)


@whole
@given(stories)
def test_the_parts_follow_one_another_and_add_up_to_the_outage(story: Story) -> None:
    seen = timeline(raw_trial(story))
    outage = seen.layer("http").outage
    assert outage is not None
    assert outage.duration_s is not None
    assert seen.parts == find_parts(seen.handover, outage)
    assert all(one.end_s == other.start_s for one, other in pairwise(seen.parts))
    assert all(part.duration_s >= 0 for part in seen.parts)
    assert sum(part.duration_s for part in seen.parts) == pytest.approx(outage.duration_s)


@whole
@given(stories, st.sets(st.integers(0, 390), max_size=5))
def test_what_was_lost_before_the_fault_moves_no_edge_of_its_outage(story: Story, stray: set[int]) -> None:
    raw = raw_trial(story)
    earlier = {seq for seq in stray if seq * 0.01 < raw.window.start_s}
    marred = tuple(replace(s, kind="refused", entry="") if s.seq in earlier else s for s in raw.recording.samples)
    seen = timeline(replace(raw, recording=replace(raw.recording, samples=marred))).layer("http").outage
    outage = timeline(raw).layer("http").outage
    assert seen is not None
    assert outage is not None
    assert replace(seen, start_gap_s=outage.start_gap_s) == outage
    assert seen.start_gap_s >= outage.start_gap_s


@whole
@given(stories, st.integers(0, 5), st.integers(0, 50))
def test_the_window_opens_as_early_as_the_clocks_allow(story: Story, lost: int, error_ms: int) -> None:
    raw = raw_trial(story)
    clocks = {name: ClockOffset(0.0, error_ms / 1e3) for name in raw.nodes}
    first = min(s.seq for s in raw.recording.samples if not s.good)
    too_early = tuple(
        replace(s, kind="timeout", entry="") if first - lost <= s.seq < first else s for s in raw.recording.samples
    )
    outage = timeline(replace(raw, recording=replace(raw.recording, samples=too_early), clocks=clocks)).layer("http")
    assert outage.outage is not None
    sends = [s.sent_s for s in too_early if not s.good]
    assert outage.outage.start_s == min(at for at in sends if at >= raw.fault_s - error_ms / 1e3)


@whole
@given(stories, st.integers(0, 1500), st.integers(0, 60), st.integers(-5000, 5000))
def test_a_standby_stalls_where_its_moments_lie_further_apart_than_rule_and_clocks_allow(
    story: Story, late_ms: int, error_ms: int, ahead_ms: int
) -> None:
    raw = raw_trial(replace(story, address_late_s=late_ms / 1e3, node_clock_s=ahead_ms / 1e3))
    error_s = error_ms / 1e3
    seen = timeline(replace(raw, clocks={name: replace(clock, error_s=error_s) for name, clock in raw.clocks.items()}))
    on_the_wire_s, address_s = late_ms / 1e3 - 0.002, late_ms / 1e3 - 0.003  # after the advertisement
    if on_the_wire_s > TOGETHER_S + 1e-4:
        assert seen.stall.startswith("node128's ")
        assert seen.stall.endswith(" s after its advertisement")
    elif max(on_the_wire_s, address_s - error_s) < TOGETHER_S - 1e-4:
        assert seen.stall == ""


@whole
@given(stories)
def test_a_failover_as_predicted_breaks_no_rule(story: Story) -> None:
    seen = timeline(raw_trial(story))
    assert (seen.violations, seen.overlaps) == ((), ())
    assert (seen.handover.successor, seen.stall) == ("node128", "")


@given(st.lists(st.tuples(times, st.booleans(), st.sampled_from(("b1", "b2"))), max_size=12), times)
def test_a_node_holds_the_vip_once_at_a_time(seen: list[tuple[float, bool, str]], lost_s: float) -> None:
    boots = sorted(seen, key=lambda s: (s[2], s[0]))
    events = [Seen(at + (20.0 if boot == "b2" else 0.0), has, boot) for at, has, boot in boots]
    holds = find_holds("node129", events, lost_s)
    for one, other in pairwise(holds):
        assert one.end_s is not None
        assert one.start_s <= one.end_s <= other.start_s
    assert all(hold.end_s is not None for hold in holds[:-1])


@given(st.lists(st.tuples(st.sampled_from(("node128", "node129")), times, times), max_size=8))
def test_at_every_moment_the_holders_are_none_one_or_two(made: list[tuple[str, float, float]]) -> None:
    holds = [Hold(node, min(a, b), max(a, b)) for node, a, b in made]
    empty, double = gaps(holds, 0.0, STEADY_S), overlaps(holds, STEADY_S)
    for at in ((i + 0.5) / 7 for i in range(63)):
        names = {hold.node for hold in holds if hold.start_s < at < hold.until(STEADY_S)}
        on_edge = any(at in (hold.start_s, hold.end_s) for hold in holds)
        if not on_edge:
            assert any(gap.start_s < at < gap.end_s for gap in empty) == (not names)
            assert any(two.start_s < at < two.end_s for two in double) == (len(names) == 2)


def shifted(lane: tuple[Sample, ...], by: float) -> tuple[Sample, ...]:
    return tuple(replace(s, sent_s=s.sent_s + by, done_s=s.done_s + by) for s in lane)


def moments(seen: Timeline) -> list[float]:
    """Every moment that a timeline knows but the beginning of what was watched."""
    found = [at for part in seen.parts for at in (part.start_s, part.end_s)]
    found += [at for layer in seen.layers if layer.outage for at in (layer.outage.start_s, layer.outage.end_s or 0.0)]
    found += [hold.end_s for hold in seen.holds if hold.end_s is not None]
    found += [a.at_s for a in seen.advertisements]
    found += [a.at_s for a in seen.announcements]
    found += [a.at_s for a in seen.claims]
    return found
