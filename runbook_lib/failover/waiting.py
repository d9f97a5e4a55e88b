"""Wait, with a deadline, for what a trial needs: steady state, and the recovery from a fault."""

from __future__ import annotations

import time
from collections.abc import Sequence

from runbook_lib.errors import HostError
from runbook_lib.failover.probe import Probe
from runbook_lib.failover.steady import PairState, judge_steady, pair_state
from runbook_lib.failover.timeline import Outage, Sample, outage_of_fault
from runbook_lib.hosts import OpenSite

STEADY_WITHIN_S = 90.0
"""A machine's boot, its services, the first script run, Master_Down_Interval."""
STEADY_POLL_S = 0.3
QUIET_S = 1.0
"""So long every request must have been answered."""
SHOWN_S = 1.5
"""How long the recovered site is watched before the undo: it belongs on the chart."""
WINDOW = 200
"""Samples finish out of order by at most the 0.9 s after which one gives up."""


def wait_until_steady(site: OpenSite, probe: Probe) -> PairState:
    """Wait until both nodes say that all is well, and every request of the last second was answered.

    Raises HostError with what was seen last.
    """
    deadline = time.monotonic() + STEADY_WITHIN_S
    state = wait_for_nodes(site)
    if probe.wait_for(_quiet, max(2 * QUIET_S, deadline - time.monotonic())) is None:
        raise HostError(
            f"Both nodes are well, but requests through {site.model.vip_address} keep failing.",
            "Run notebook 08: it looks at the VIP step by step.",
        )
    return state


def wait_for_recovery(probe: Probe, asked_s: float, within_s: float) -> Outage | None:
    """The fault's outage, once it is over and the recovered site was watched a little; None after `within_s`."""
    known = len(probe.samples)

    def recovered(samples: Sequence[Sample]) -> Outage | None:
        new = sorted(samples[max(0, known - WINDOW) :], key=lambda sample: sample.seq)
        outage = outage_of_fault(new, asked_s)
        over = outage is not None and outage.end_s is not None and new[-1].sent_s >= outage.end_s + SHOWN_S
        return outage if over else None

    return probe.wait_for(recovered, within_s)


def wait_for_nodes(site: OpenSite) -> PairState:
    """Wait until both nodes say that all is well. Raises HostError with what was seen last."""
    deadline = time.monotonic() + STEADY_WITHIN_S
    while True:
        try:
            state = pair_state(site)
            wrong = judge_steady(site.model, state)
            if not wrong.hint:
                return state
            seen, hint = wrong.observed, wrong.hint
        except HostError as error:
            seen, hint = error.what, error.todo
        if time.monotonic() >= deadline:
            raise HostError(f"No steady state within {STEADY_WITHIN_S:.0f} s: {seen}.", hint)
        time.sleep(STEADY_POLL_S)


def _quiet(samples: Sequence[Sample]) -> bool | None:
    """True once the requests of the last QUIET_S were all answered."""
    last_bad_s = max((s.sent_s for s in samples if not s.good and s.observed), default=0.0)
    newest_s = max((s.sent_s for s in samples[-WINDOW:]), default=0.0)
    return True if newest_s - last_bad_s >= QUIET_S else None
