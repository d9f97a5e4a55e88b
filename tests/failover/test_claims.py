from __future__ import annotations

import math
from dataclasses import replace

import pytest
from raw_trials import Story, raw_trial
from trials import trial

from runbook_lib.checks.verdict import Skipped, Status, Verdict
from runbook_lib.failover.theory.band import Band
from runbook_lib.failover.trials.application import Followed
from runbook_lib.failover.trials.claims import judge_application, judge_outage, outage_in_band
from runbook_lib.failover.trials.trial_record import Trial

NEVER = Band(math.inf, math.inf, "weight -20: 80 is not below the 50 of node128")


def test_an_outage_within_50_ms_of_its_band_passes() -> None:
    verdict = judge_outage(trial(0.82))
    assert verdict.status is Status.PASSED
    assert (
        verdict.observed
        == "shutdown-master: 820 ms (+10/−10 ms; 82 timeout); predicted 0.805 s; then node128 held the VIP"
    )


def test_an_outage_outside_its_band_fails_either_way() -> None:
    longer, shorter = judge_outage(trial(0.9)), judge_outage(trial(0.7))
    assert longer.status is Status.FAILED
    assert longer.hint == "who held the VIP meanwhile? journalctl -u keepalived on both"
    assert shorter.status is Status.FAILED
    assert shorter.hint == "does the daemon run what its file says (05)?"


def test_a_disturbed_trial_is_kept_and_not_judged() -> None:
    verdict = judge_outage(trial(0.9, late_at_s=3.5))
    assert verdict.status is Status.SKIPPED
    assert verdict.observed == (
        "not judged: shutdown-master: 900 ms (+10/−10 ms; 90 timeout); "
        "predicted 0.805 s; then node128 held the VIP; disturbed: a send was 30 ms late"
    )


def told(story: Story) -> Trial:
    """The trial of which this is told; the take-over is predicted from 2.805 to 3.805 s."""
    raw = raw_trial(story)
    facts = {name: getattr(raw, name) for name in ("recording", "capture", "addresses", "clocks", "fault_s")}
    band = Band(2.805, 3.805, "3A + skew less up to A")
    return replace(trial(band=band), **facts, router_id=raw.router_id, undone_s=raw.undone_s, steady_s=raw.steady_s)


def test_a_standby_that_stalled_in_its_take_over_is_named_and_not_judged() -> None:
    assert judge_outage(told(Story())).status is Status.PASSED
    made = told(Story(address_late_s=1.25))
    assert made.disturbances == ("node128's address came 1.247 s after its advertisement",)
    verdict = judge_outage(made)
    assert verdict.status is Status.SKIPPED
    assert verdict.observed == (
        "not judged: shutdown-master: 4160 ms (+10/−10 ms; 416 timeout); predicted 2.805-3.805 s; "
        "then node128 held the VIP; disturbed: node128's address came 1.247 s after its advertisement"
    )


def test_a_standby_that_only_takes_over_late_is_judged() -> None:
    made = told(Story(late_s=1.25))  # address, announcement and advertisement together
    assert made.disturbances == ()
    assert judge_outage(made).status is Status.FAILED


def test_where_advertisements_are_lost_on_purpose_a_late_one_says_nothing() -> None:
    made = replace(told(Story(address_late_s=1.25)), fault="vrrp-loss", band=Band(0.0, math.inf, "a rate"))
    assert not made.disturbed


def test_both_rules_are_told() -> None:
    made = told(Story(address_late_s=1.25))
    late = tuple(replace(s, late_s=0.03) if s.seq == 350 else s for s in made.recording.samples)
    assert replace(made, recording=replace(made.recording, samples=late)).disturbances == (
        "a send was 30 ms late",
        "node128's address came 1.247 s after its advertisement",
    )


def test_a_stall_long_after_the_outage_disturbs_nothing() -> None:
    assert judge_outage(trial(0.82, late_at_s=7.0)).status is Status.PASSED


def test_without_a_lost_request_the_fault_took_no_effect() -> None:
    verdict = judge_outage(trial(0.0))
    assert verdict.status is Status.FAILED
    assert verdict.observed == "shutdown-master: nothing lost; predicted 0.805 s; then node128 held the VIP"
    assert verdict.hint == "the fault took no effect, or the service doesn't come from the MASTER"


def test_where_an_outage_need_not_come_none_is_right() -> None:
    assert judge_outage(trial(0.0, band=Band(0.0, 0.1, "both hold it"))).status is Status.PASSED


def test_an_outage_without_end_names_who_should_have_taken_over() -> None:
    verdict = judge_outage(trial(5.0))
    assert verdict.status is Status.FAILED
    assert verdict.hint == "nobody took over: is the BACKUP well, and does VRRP reach it (notebook 04)?"


def test_a_vip_that_never_moves_is_out_until_the_undo() -> None:
    assert judge_outage(trial(3.5, band=NEVER)).status is Status.PASSED
    verdict = judge_outage(trial(1.0, band=NEVER))
    assert verdict.status is Status.FAILED
    assert verdict.hint == "it recovered before the undo, although weight -20: 80 is not below the 50 of node128"


def test_a_vip_that_never_moves_and_loses_nothing_was_not_hit() -> None:
    verdict = judge_outage(trial(0.0, band=NEVER))
    assert verdict.status is Status.FAILED
    assert verdict.observed == "shutdown-master: nothing lost; predicted until the undo; then node128 held the VIP"
    assert verdict.hint == "the fault took no effect, or the service doesn't come from the MASTER"


def test_a_skipped_trial_skips_its_check_with_the_reason() -> None:
    verdict = judge_outage(Skipped("observer: none"))
    assert (verdict.status, verdict.observed) == (Status.SKIPPED, "observer: none")


def test_the_claim_states_the_band() -> None:
    assert outage_in_band(trial()).claim == "The outage of shutdown-master is 0.805 s, ± 50 ms."
    assert outage_in_band(Skipped("x")).claim == "The outage lies in its predicted band, ± 50 ms."


def test_an_application_that_saw_the_new_value_both_ways_passes() -> None:
    seen = replace(trial(), followed=Followed("new value 1", 5.0, 1.2, awaited=True))
    observed = "'new value 1' at the running application after 1.2 s, at a fresh one after 5.0 s"
    assert judge_application(seen) == Verdict.passed(observed)


@pytest.mark.parametrize(
    ("followed", "observed"),
    [
        (
            Followed("v", 5.0, None, awaited=True),
            "'v' at the running application not within 60 s, at a fresh one after 5.0 s",
        ),
        (
            Followed("v", None, 1.2, awaited=True),
            "'v' at the running application after 1.2 s, at a fresh one not within 90 s",
        ),
    ],
)
def test_an_application_that_did_not_see_it_fails(followed: Followed, observed: str) -> None:
    hint = "journalctl -u nacos-consumer-sample -n 50 on the client"
    assert judge_application(replace(trial(), followed=followed)) == Verdict.failed(observed, hint)


def test_the_running_one_counts_only_where_it_was_waited_for() -> None:
    seen = replace(trial(), followed=Followed("v", 3.1))
    assert judge_application(seen) == Verdict.passed("'v' at a fresh one after 3.1 s")


def test_an_application_that_was_not_asked_is_skipped() -> None:
    assert judge_application(trial()).status is Status.SKIPPED
    assert judge_application(Skipped("no fault here")) == Verdict.skipped("no fault here")


def test_what_is_lost_after_the_undo_is_not_the_faults_outage() -> None:
    made = replace(trial(0.5), undone_s=2.99)
    assert made.outage is None
    assert [round(outage.duration_s or 0.0, 2) for outage in made.way_back] == [0.5]
    assert trial(0.5).way_back == ()


def test_a_request_lost_just_before_the_fault_is_not_its_outage() -> None:
    made = trial(0.82)
    stray = made.recording.samples[298]  # sent 15 ms before the fault
    lost = replace(stray, kind="timeout", entry="")
    samples = tuple(lost if sample is stray else sample for sample in made.recording.samples)
    seen = replace(made, recording=replace(made.recording, samples=samples))
    assert seen.outage == made.outage
    assert seen.outage == seen.timeline.layer("http").outage
    assert judge_outage(seen).status is Status.PASSED
