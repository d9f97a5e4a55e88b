"""Synthetic trials for tests of what is measured."""

from __future__ import annotations

from runbook_lib.failover.measuring.clocks import SAME
from runbook_lib.failover.measuring.samples import Recording, Sample
from runbook_lib.failover.theory.band import Band
from runbook_lib.failover.trials.trial_record import Trial

STEP_S = 0.01
FAULT_S = 3.0


def samples(outage_s: float, *, until_s: float = 8.0, late_at_s: float | None = None) -> tuple[Sample, ...]:
    """node129 answers until FAULT_S, then nobody for `outage_s`, then node128."""
    made = []
    for seq in range(round(until_s / STEP_S)):
        planned = seq * STEP_S
        late = 0.03 if late_at_s is not None and abs(planned - late_at_s) < STEP_S / 2 else 0.0
        sent = planned + late
        if FAULT_S <= planned < FAULT_S + outage_s - STEP_S / 2:
            made.append(Sample(seq, sent, late, sent + 0.9, "timeout", ""))
        else:
            entry = "node129" if planned < FAULT_S else "node128"
            made.append(Sample(seq, sent, late, sent + 0.0015, "ok", entry))
    return tuple(made)


def trial(outage_s: float = 0.82, *, band: Band | None = None, late_at_s: float | None = None) -> Trial:
    """A trial of shutdown-master whose outage lasted so long."""
    return Trial(
        fault="shutdown-master",
        what="the MASTER is shut down",
        vip="192.168.42.130",
        band=band or Band(0.805, 0.805, "skew"),
        seed=7,
        phase_s=0.4,
        fault_s=FAULT_S - 0.005,
        undone_s=6.0,
        steady_s=7.5,
        holders=("node128",),
        recording=Recording(1700000000.0, samples(outage_s, late_at_s=late_at_s), "samples\n"),
        name="shutdown-master-1a2b3c4d",
        holder="node129",
        nodes={"node129": "192.168.42.129", "node128": "192.168.42.128"},
        router_id=51,
        keepalived="2.2.7",
        exact=None,
        clocks=dict.fromkeys(("node129", "node128"), SAME),
        ready_s=0.0,
        missing={},
        followed=None,
        capture=b"",
        addresses={},
    )
