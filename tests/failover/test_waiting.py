"""Waiting for the recovery from a fault: by the same outage that is judged later."""

from __future__ import annotations

from dataclasses import replace

import pytest
from trials import FAULT_S, samples

from runbook_lib.errors import HostError
from runbook_lib.failover.measuring.probe import Probe
from runbook_lib.failover.measuring.samples import Sample, Window
from runbook_lib.failover.trials.waiting import wait_for_recovery


def probe_of(made: tuple[Sample, ...]) -> Probe:
    """A probe that has ended, and wrote these samples in the order in which they were finished."""
    lines = ["# runbook probe 2 start_unix_us=1700000000000000", "lane,seq,…"]
    for s in sorted(made, key=lambda sample: sample.done_s):
        sent, late, done = (round(t * 1e6) for t in (s.sent_s, s.late_s, s.done_s))
        lines.append(f"{s.lane},{s.seq},{sent},{late},{done},{s.kind},{s.entry}")
    probe = Probe(lines, "observer")
    probe.join(5.0)
    return probe


def with_stray(made: tuple[Sample, ...]) -> tuple[Sample, ...]:
    """One request 20 ms before the fault is lost, too."""
    stray = made[round(FAULT_S * 100) - 2]
    return tuple(replace(s, kind="refused", entry="") if s is stray else s for s in made)


def test_a_request_lost_before_the_fault_ends_no_waiting() -> None:
    probe = probe_of(with_stray(samples(4.0, until_s=FAULT_S + 3.0)))  # nobody answers yet
    with pytest.raises(HostError) as error:
        wait_for_recovery(probe, Window(FAULT_S - 0.005), within_s=60.0)
    assert error.value.what.startswith("observer: the probe ended by itself; it last said: http,")


@pytest.mark.parametrize("outage_s", [0.01, 0.8])
def test_a_recovery_is_seen_however_long_ago_it_was(outage_s: float) -> None:
    probe = probe_of(with_stray(samples(outage_s, until_s=FAULT_S + 5.0)))
    wait_for_recovery(probe, Window(FAULT_S - 0.005), within_s=60.0)
