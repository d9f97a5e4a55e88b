"""A trial: steady state, fault, outage, undo, steady state again, all on one probe's clock."""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Sequence

from runbook_lib.checks.verdict import Status
from runbook_lib.errors import HostError
from runbook_lib.failover import steady
from runbook_lib.failover.catalogue import Fault, fault_named
from runbook_lib.failover.faults import injected, why_not
from runbook_lib.failover.probe import Probe, probing
from runbook_lib.failover.theory import Band, longest_takeover_s, predict_outage
from runbook_lib.failover.timeline import Outage, Sample, outage_of_fault
from runbook_lib.failover.trial_record import Skipped, Trial
from runbook_lib.hosts import OpenSite

STEADY_WITHIN_S = 90.0
"""A machine's boot, its services, the first script run, Master_Down_Interval."""
QUIET_S = 1.0
"""So long the MASTER's entry alone must have answered every request."""
SLACK_S = 5.0
"""How far past its band an outage is waited for."""
STEADY_POLL_S = 0.3
SHOWN_S = 1.5
"""How long the recovered site is watched before the undo: it belongs on the chart."""


def measure_failover(site: OpenSite, fault: str = "shutdown-master", *, seed: int | None = None) -> Trial | Skipped:
    """Inject `fault` once and measure its outage; the samples go to data/ beside the run's other evidence.

    `seed` decides the wait before the fault (the clock phase that it meets); None: a random one, kept in the trial.
    Raises ParameterError for an unknown fault, HostError when the site isn't in steady state before or after.
    """
    known = fault_named(fault)
    if skipped := why_not(site, known) or nobody_measures(site):
        return skipped
    seed = secrets.randbits(32) if seed is None else seed
    trial = _measure(site, known, predict_outage(site.model, fault), seed)
    save_trial(site, trial)
    return trial


def nobody_measures(site: OpenSite) -> Skipped | None:
    """Why no probe can run: none is wanted, or it would run where the VIP can't be reached; None: it can."""
    observer = site.model.observer
    if observer == "none":
        return Skipped("the site has observer: none, so nobody measures")
    if observer == "controller" and site.model.substrate == "lab":
        return Skipped("observer: controller can't reach the lab's segment, use observer: ssh")
    return None


def save_trial(site: OpenSite, trial: Trial) -> None:
    """Keep the samples as the probe wrote them, and the trial's facts, in the data folder of the run."""
    folder = site.folder / "data"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{trial.name}.csv").write_text(trial.recording.text)
    (folder / f"{trial.name}.json").write_text(trial.facts())


def phase_s(site: OpenSite, seed: int) -> float:
    """A wait of up to the longest of the timers that the fault may meet: advertisements and the check script."""
    longest = max(site.model.vrrp.advert_int, float(site.model.check.interval))
    return random.Random(seed).uniform(0.0, longest)


def _measure(site: OpenSite, fault: Fault, band: Band, seed: int) -> Trial:
    wait_s = phase_s(site, seed)
    with probing(site) as probe:
        wait_until_steady(site, probe)
        with injected(site, fault) as injection:
            time.sleep(wait_s)  # the random clock phase, not a wait for something
            asked_s = probe.newest_s
            fault_s = injection.apply() - probe.start_unix_s
            _wait_for_recovery(site, probe, asked_s, band)
            undone_s = probe.newest_s
        steady_s = wait_until_steady(site, probe)
    return Trial(
        fault=fault.name,
        what=fault.what,
        fault_id=injection.fault_id,
        vip=site.model.vip_address,
        band=band,
        seed=seed,
        phase_s=wait_s,
        asked_s=asked_s,
        fault_s=fault_s,
        undone_s=undone_s,
        steady_s=steady_s,
        recording=probe.recording(),
        name=injection.fault_id,
    )


def wait_until_steady(site: OpenSite, probe: Probe) -> float:
    """Wait until both nodes say that all is well and only the holder's entry answers; the probe's clock then.

    Raises HostError with what was seen last.
    """
    deadline = time.monotonic() + STEADY_WITHIN_S
    while True:
        seen = steady.steady_state(site).observe()
        if seen.status is Status.PASSED:
            break
        if time.monotonic() >= deadline:
            raise HostError(f"No steady state within {STEADY_WITHIN_S:.0f} s: {seen.observed}", seen.hint)
        time.sleep(STEADY_POLL_S)
    if probe.wait_for(_quiet, max(QUIET_S * 2, deadline - time.monotonic())) is None:
        raise HostError(
            f"The nodes are in steady state, but requests through {site.model.vip_address} keep failing.",
            "Run notebook 08: it looks at the VIP step by step.",
        )
    return probe.newest_s


def _quiet(samples: Sequence[Sample]) -> bool | None:
    """True once the requests of the last QUIET_S were all answered."""
    last_bad_s = max((s.sent_s for s in samples if not s.good and s.observed), default=0.0)
    newest_s = max((s.sent_s for s in samples[-200:]), default=0.0)
    return True if newest_s - last_bad_s >= QUIET_S else None


def _wait_for_recovery(site: OpenSite, probe: Probe, asked_s: float, band: Band) -> Outage | None:
    """Wait for the outage's end and a little more; without a predicted end, as long as any takeover could take."""
    seen_before = len(probe.samples)
    longest_s = longest_takeover_s(site.model) if band.never else band.high_s

    def recovered(samples: Sequence[Sample]) -> Outage | None:
        new = sorted(samples[max(0, seen_before - 200) :], key=lambda sample: sample.seq)
        outage = outage_of_fault(new, asked_s)
        over = outage is not None and outage.end_s is not None and new[-1].sent_s >= outage.end_s + SHOWN_S
        return outage if over else None

    return probe.wait_for(recovered, longest_s + SLACK_S)
