from __future__ import annotations

import pytest

from runbook_lib.errors import RunbookError
from runbook_lib.failover.measuring.samples import (
    Sample,
    Window,
    answers,
    find_outages,
    outage_of_fault,
    parse_recording,
    worst_lateness_s,
)

STEP_S = 0.01


def samples(text: str, *, late: dict[int, float] | None = None) -> tuple[Sample, ...]:
    """One sample a letter, 10 ms apart: a and b are entries, T a timeout, R a refusal, L the observer's own failure."""
    kinds = {"T": "timeout", "R": "refused", "L": "local-EADDRNOTAVAIL"}
    made = []
    for seq, letter in enumerate(text):
        sent = seq * STEP_S + (late or {}).get(seq, 0.0)
        kind, entry = kinds.get(letter, "ok"), "" if letter in kinds else f"node-{letter}"
        made.append(Sample(seq, sent, (late or {}).get(seq, 0.0), sent + 0.002, kind, entry))
    return tuple(made)


def test_an_outage_runs_from_the_first_failed_send_to_the_first_good_one() -> None:
    (outage,) = find_outages(samples("aaaTTTTbbb"))
    assert outage.start_s == pytest.approx(0.03)
    assert outage.end_s == pytest.approx(0.07)
    assert outage.duration_s == pytest.approx(0.04)
    assert outage.entry_after == "node-b"
    assert str(outage) == "40 ms (+10/−10 ms; 4 timeout)"


def test_the_edges_are_uncertain_by_the_actual_gap() -> None:
    (outage,) = find_outages(samples("aaTTb", late={2: 0.005, 4: 0.007}))
    assert outage.start_gap_s == pytest.approx(0.015)
    assert outage.end_gap_s == pytest.approx(0.017)


def test_a_timeout_is_kept_apart_from_a_refusal() -> None:
    (outage,) = find_outages(samples("aRRTTTb"))
    assert outage.kinds == (("timeout", 3), ("refused", 2))


def test_what_the_observer_could_not_send_is_no_outage_and_widens_the_gap() -> None:
    assert find_outages(samples("aaLLaa")) == ()
    (outage,) = find_outages(samples("aLLTTb"))
    assert outage.start_gap_s == pytest.approx(0.03)


def test_an_outage_without_end() -> None:
    (outage,) = find_outages(samples("aaRRR"))
    assert outage.duration_s is None
    assert str(outage) == "without end (3 refused)"


def test_the_outage_of_a_fault_is_the_first_that_begins_in_its_window() -> None:
    timeline = samples("aRaaaTTbbbTa")
    assert len(find_outages(timeline)) == 3
    found = outage_of_fault(timeline, Window(0.045))
    assert found is not None
    assert (found.start_s, found.start_gap_s) == pytest.approx((0.05, 0.01))
    assert outage_of_fault(timeline, Window(0.2)) is None
    assert outage_of_fault(timeline, Window(0.02, 0.045)) is None
    assert outage_of_fault(samples("aaabbb"), Window(0.01)) is None


def test_what_was_lost_before_the_fault_widens_its_gap_alone() -> None:
    found = outage_of_fault(samples("aaTTTTbb"), Window(0.035))
    assert found is not None
    assert (found.start_s, found.start_gap_s) == pytest.approx((0.04, 0.03))
    assert found.kinds == (("timeout", 2),)


def test_lateness_counts_only_in_its_stretch_of_time() -> None:
    late = samples("aaaaaaaa", late={1: 0.03, 6: 0.005})
    assert worst_lateness_s(late, 0.0, 1.0) == pytest.approx(0.03)
    assert worst_lateness_s(late, 0.05, 1.0) == pytest.approx(0.005)
    assert worst_lateness_s((), 0.0, 1.0) == 0.0


def test_who_answered_stretch_by_stretch() -> None:
    spans = [(span.label, span.good) for span in answers(samples("aaRRTLTbb"))]
    assert spans == [("node-a", True), ("refused", False), ("timeout", False), ("node-b", True)]


RECORDED = """\
# runbook probe 2 start_unix_us=1700000000500000 scheduler=fifo
lane,seq,sent,late,done,kind,entry
http,1,20500,500,22000,ok,node129
http,0,10000,0,910000,timeout,
http,2,3040"""


def test_a_recording_is_put_in_the_order_of_sending_without_its_torn_end() -> None:
    recording = parse_recording(RECORDED)
    assert recording.start_unix_s == 1700000000.5
    assert recording.samples == (
        Sample(0, 0.01, 0.0, 0.91, "timeout", ""),
        Sample(1, 0.0205, 0.0005, 0.022, "ok", "node129"),
    )


def test_something_else_is_no_recording() -> None:
    with pytest.raises(RunbookError) as error:
        parse_recording("python3: not found\n")
    assert (
        str(error.value) == "These are no samples of the probe: 'python3: not found\\n'. See the probe's own messages."
    )
