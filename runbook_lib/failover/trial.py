"""A trial: steady state, fault, outage, undo, steady state again, all on one probe's clock."""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager

from runbook_lib.chapter.vip import holds_vip
from runbook_lib.failover.application import follow_application, restore_application
from runbook_lib.failover.catalogue import DEFAULT_FAULT, Fault, fault_named
from runbook_lib.failover.faults import injected, why_not
from runbook_lib.failover.probe import Probe, probing
from runbook_lib.failover.theory import Band, Pair, longest_takeover_s, predict_outage
from runbook_lib.failover.trial_record import Skipped, Trial
from runbook_lib.failover.waiting import wait_for_recovery, wait_until_steady
from runbook_lib.hosts import OpenSite

SLACK_S = 5.0
"""How far past its band an outage is waited for."""
WATCHED_S = 1.0
"""How far past the longest takeover a VIP is watched that is predicted to stay."""


def measure_failover(site: OpenSite, fault: str = DEFAULT_FAULT, *, seed: int | None = None) -> Trial | Skipped:
    """Inject `fault` once into the holder of the VIP, and measure the outage; the samples go to the run's data/.

    `seed` decides the wait before the fault (the clock phase that it meets); None: a random one, kept in the trial.
    Raises ParameterError for an unknown fault, HostError when the site isn't in steady state before or after.
    """
    known = fault_named(fault)
    if skipped := why_not(site, known) or nobody_measures(site):
        return skipped
    return run_trial(site, known, secrets.randbits(32) if seed is None else seed)


def nobody_measures(site: OpenSite) -> Skipped | None:
    """Why no probe can run: none is wanted, or it would run where the VIP can't be reached; None: it can."""
    observer = site.model.observer
    if observer == "none":
        return Skipped("the site has observer: none, so nobody measures")
    if observer == "controller" and site.model.substrate == "lab":
        return Skipped("observer: controller can't reach the lab's segment, use observer: ssh")
    return None


def phase_s(site: OpenSite, seed: int) -> float:
    """A wait of up to the longest of the timers that the fault may meet: advertisements and the check script."""
    longest = max(site.model.vrrp.advert_int, float(site.model.check.interval))
    return random.Random(seed).uniform(0.0, longest)


@contextmanager
def kept_probe(site: OpenSite, name: str) -> Iterator[Probe]:
    """A probe whose samples are kept as data/NAME.csv, also those of an attempt that failed."""
    folder = site.folder / "data"
    folder.mkdir(parents=True, exist_ok=True)
    with probing(site) as probe:
        try:
            yield probe
        finally:
            (folder / f"{name}.csv").write_text(probe.text())


def run_trial(site: OpenSite, fault: Fault, seed: int) -> Trial:
    """Steady state, fault, outage, undo, steady state again; the samples and the facts are kept in data/."""
    name = f"{fault.name}-{secrets.token_hex(4)}"
    wait_s = phase_s(site, seed)
    with kept_probe(site, name) as probe:
        state = wait_until_steady(site, probe)
        pair = Pair.of(site.model, state.holder)
        band = predict_outage(pair, fault.name)
        with injected(site, fault, name, site.hosts[state.holder]) as injection:
            time.sleep(wait_s)  # the random clock phase: a wait for nothing
            asked_s = probe.newest_s
            fault_s = injection.apply() - probe.start_unix_s
            wait_for_recovery(probe, asked_s, longest_s(pair, band))
            # A machine that is lost takes connections with it: what the application makes of that is part of the story.
            followed = follow_application(site, wait_for_running=fault.power == "cut") if fault.power else None
            undone_s, holders = probe.newest_s, holders_after(site, fault, pair)
        wait_until_steady(site, probe)
        steady_s, recording = probe.newest_s, probe.recording()
    if followed:
        restore_application(site)
    trial = Trial(
        fault=fault.name,
        what=fault.what,
        name=name,
        vip=site.model.vip_address,
        band=band,
        seed=seed,
        phase_s=wait_s,
        asked_s=asked_s,
        fault_s=fault_s,
        undone_s=undone_s,
        steady_s=steady_s,
        holders=holders,
        recording=recording,
        followed=followed,
    )
    (site.folder / "data" / f"{name}.json").write_text(trial.facts())
    return trial


def longest_s(pair: Pair, band: Band) -> float:
    """How long to wait for the recovery; without a predicted one, as long as any takeover could take. Pure."""
    return longest_takeover_s(pair) + WATCHED_S if band.never else band.high_s + SLACK_S


def holders_after(site: OpenSite, fault: Fault, pair: Pair) -> tuple[str, ...]:
    """Who holds the VIP while the fault is on; a machine without power holds nothing and can't be asked."""
    asked = [pair.standby] if fault.power else [pair.holder, pair.standby]
    return tuple(node.name for node in asked if holds_vip(site.hosts[node.name], site.model.vip_address))
