"""Wait, with a deadline, for what a trial needs: steady state, and the recovery from a fault."""

from __future__ import annotations

import time
from collections.abc import Sequence

from runbook_lib.errors import HostError
from runbook_lib.failover.faults.injection import slow_s
from runbook_lib.failover.measuring.probe import Probe
from runbook_lib.failover.measuring.samples import Sample, Window, outage_of_fault
from runbook_lib.failover.theory.pair import Pair
from runbook_lib.failover.theory.predictions import longest_takeover_s
from runbook_lib.failover.trials.steady import PairState, judge_steady, pair_state
from runbook_lib.hosts import OpenSite

BOOT_S = 80.0
"""A machine's boot and its services: what a busy host needs for them."""
SLACK_S = 20.0
"""What a look at every machine takes, and what starts late."""
FIXED_S = 600.0
"""What takes the same in a trial of any pair, at its longest: boots, shutdowns, members that start."""
TAKEOVERS = 3
"""In a trial, each at its longest: before the fault, while it is on, after its undo."""
STEADY_POLL_S = 0.3
QUIET_S = 1.0
"""So long every request must have been answered."""
SHOWN_S = 1.5
"""How long the recovered site is watched before the undo: it belongs on the chart."""
NEWEST = 200
"""Samples finish out of order by at most the 0.9 s after which one gives up."""


def settles_within_s(site: OpenSite) -> float:
    """How long a pair that runs may take to settle: any detection and any takeover of its configuration."""
    return longest_takeover_s(Pair.of(site.model)) + SLACK_S


def steady_within_s(site: OpenSite) -> float:
    """The same for one of which a machine boots."""
    return longest_takeover_s(Pair.of(site.model)) + BOOT_S


def longest_phase_s(site: OpenSite) -> float:
    """The longest of the timers that a fault may meet at any phase: advertisements and the check script."""
    return max(site.model.vrrp.advert_int, float(site.model.check.interval))


def trial_within_s(site: OpenSite) -> float:
    """How long a trial may take, and so its probe and capture: what is the same for all, and what its pair waits."""
    takeovers_s = TAKEOVERS * longest_takeover_s(Pair.of(site.model))
    return FIXED_S + takeovers_s + longest_phase_s(site) + slow_s(site.model)


def series_within_s(site: OpenSite, trials: int) -> float:
    """How long so many trials may take that don't fail: steady state before and after each, and its pair's waits."""
    waits_s = longest_takeover_s(Pair.of(site.model)) + longest_phase_s(site) + slow_s(site.model)
    return trials * (2 * steady_within_s(site) + waits_s)


def wait_until_steady(site: OpenSite, probe: Probe) -> PairState:
    """Wait until both nodes say that all is well, and every request of the last second was answered.

    Raises HostError with what was seen last.
    """
    deadline = time.monotonic() + steady_within_s(site)
    state = wait_for_nodes(site)
    if probe.wait_for(_quiet, max(2 * QUIET_S, deadline - time.monotonic())) is None:
        raise HostError(
            f"Both nodes are well, but requests through {site.model.vip_address} keep failing.",
            "Run notebook 08: it looks at the VIP step by step.",
        )
    return state


def wait_for_recovery(probe: Probe, window: Window, within_s: float) -> None:
    """Wait until the fault's outage is over and the recovered site was watched a little, or `within_s` have passed."""

    def recovered(samples: Sequence[Sample]) -> bool | None:
        outage = outage_of_fault(sorted(samples, key=lambda sample: sample.seq), window)
        over = outage is not None and outage.end_s is not None and probe.newest_s >= outage.end_s + SHOWN_S
        return True if over else None

    probe.wait_for(recovered, within_s)


def wait_for_nodes(site: OpenSite) -> PairState:
    """Wait until both nodes say that all is well. Raises HostError with what was seen last."""
    within_s = steady_within_s(site)
    deadline = time.monotonic() + within_s
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
            raise HostError(f"No steady state within {within_s:.0f} s: {seen}.", hint)
        time.sleep(STEADY_POLL_S)


def _quiet(samples: Sequence[Sample]) -> bool | None:
    """True once the requests of the last QUIET_S were all answered."""
    last_bad_s = max((s.sent_s for s in samples if not s.good and s.observed), default=0.0)
    newest_s = max((s.sent_s for s in samples[-NEWEST:]), default=0.0)
    return True if newest_s - last_bad_s >= QUIET_S else None
