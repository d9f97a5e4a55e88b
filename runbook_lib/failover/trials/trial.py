"""A trial: steady state, fault, outage, undo, steady state again, all on one probe's clock."""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Literal

from runbook_lib.chapter.provenance import said_version
from runbook_lib.chapter.vip import holds_vip
from runbook_lib.checks import config_installed, service_fresh
from runbook_lib.checks.verdict import Check, Skipped, Verdict
from runbook_lib.failover.faults.catalogue import DEFAULT_FAULT, Fault, fault_named
from runbook_lib.failover.faults.inject import EXPIRES_S, injected, not_agreed, why_not
from runbook_lib.failover.faults.injection import slow_s
from runbook_lib.failover.measuring.capture import Capture, observer_interface
from runbook_lib.failover.measuring.clocks import fault_window, measured_clocks
from runbook_lib.failover.measuring.probe import Probe, probing
from runbook_lib.failover.theory.band import Band
from runbook_lib.failover.theory.pair import Pair
from runbook_lib.failover.theory.predictions import THEORIES, exact_wait, longest_takeover_s, predict_outage
from runbook_lib.failover.trials.application import follow_application, restore_application
from runbook_lib.failover.trials.steady import steady_state
from runbook_lib.failover.trials.trial_files import read_addresses, read_capture, write_facts
from runbook_lib.failover.trials.trial_record import Trial
from runbook_lib.failover.trials.waiting import longest_phase_s, trial_within_s, wait_for_recovery, wait_until_steady
from runbook_lib.hosts import OpenSite
from runbook_lib.site import Site

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
    if skipped := why_not(site, known) or nobody_measures(site.model):
        return skipped
    return run_trial(site, known, secrets.randbits(32) if seed is None else seed, follow=True)


def nobody_measures(site: Site) -> Skipped | None:
    """Why no probe can run: none is wanted, or it would run where the VIP can't be reached; None: it can. Pure."""
    if site.observer == "none":
        return Skipped("the site has observer: none, so nobody measures")
    if site.observer == "controller" and site.substrate == "lab":
        return Skipped("observer: controller can't reach the lab's segment, use observer: ssh")
    return None


def steady_before(site: OpenSite, disruption: Literal["faults", "demonstrations"] = "faults") -> Check:
    """Check `failover.steady-state` before a trial: SKIPPED where none may come, or nobody measures.

    What is predicted is what the parameters say, so the daemons must run just that.
    """
    steady = steady_state(site)

    def observe() -> Verdict:
        if skipped := not_agreed(site, disruption) or nobody_measures(site.model):
            return Verdict.skipped(skipped.reason)
        for check in (config_installed(site), service_fresh(site)):
            if not (seen := check.observe()).status.is_good:
                return Verdict(seen.status, f"{check.id}: {seen.observed}", seen.hint)
        return steady.observe()

    return replace(steady, observe=observe)


def phase_s(site: OpenSite, seed: int) -> float:
    """A wait of up to the longest of the timers that the fault may meet: advertisements and the check script."""
    return random.Random(seed).uniform(0.0, longest_phase_s(site))


@contextmanager
def observed(site: OpenSite, name: str) -> Iterator[tuple[Probe, Capture]]:
    """A probe, and what is written down beside it; all of it is kept in data/, also of an attempt that failed."""
    folder = site.folder / "data"
    folder.mkdir(parents=True, exist_ok=True)
    interface, within_s = observer_interface(site), trial_within_s(site)
    capture = Capture(site, name, interface, longest_s=within_s)
    with probing(site, folder / f"{name}.csv", longest_s=within_s, interface=interface) as probe:
        try:
            capture.start()
            yield probe, capture
        finally:
            capture.collect(folder)


def run_trial(site: OpenSite, fault: Fault, seed: int, *, follow: bool = False) -> Trial:
    """Steady state, fault, outage, undo, steady state again; the samples and the facts are kept in data/.

    `follow`: where a machine is lost, also see what the sample application makes of it, which takes up to a minute.
    """
    name = f"{fault.name}-{secrets.token_hex(4)}"
    wait_s = phase_s(site, seed)
    with observed(site, name) as (probe, capture):
        state = wait_until_steady(site, probe)
        clocks = measured_clocks(site)
        pair = hit_pair(site, state.holder)
        band = predict_outage(pair, fault.name)
        watched_s = longest_s(pair, band, fault.name)
        expires_s = EXPIRES_S + slow_s(site.model) + wait_s + watched_s  # from its record on
        with injected(site, fault, name, site.hosts[state.holder], expires_s=expires_s) as injection:
            ready_s = probe.newest_s
            time.sleep(wait_s)  # the random clock phase: a wait for nothing
            fault_s = injection.apply() - clocks[state.holder].offset_s - probe.start_unix_s
            wait_for_recovery(probe, fault_window(fault_s, clocks), watched_s)
            # A machine that is lost takes connections with it: what the application makes of that is part of the story.
            lost = follow and fault.power in ("shutdown", "cut")
            followed = follow_application(site, wait_for_running=fault.power == "cut") if lost else None
            undone_s, holders = probe.newest_s, holders_after(site, fault, pair)
        capture.resume(without_power=state.holder if fault.power else "")
        wait_until_steady(site, probe)
        steady_s = probe.newest_s
    if followed:
        restore_application(site)
    folder, nodes = site.folder / "data", {node.name: node.address for node in (pair.holder, pair.standby)}
    trial = Trial(
        fault=fault.name,
        what=fault.what,
        name=name,
        vip=site.model.vip_address,
        band=band,
        seed=seed,
        phase_s=wait_s,
        ready_s=ready_s,
        fault_s=fault_s,
        undone_s=undone_s,
        steady_s=steady_s,
        holders=holders,
        recording=probe.recording(),
        followed=followed,
        holder=pair.standby.name if injection.commands.prepare else state.holder,  # which was taken away beforehand
        nodes=nodes,
        router_id=site.model.vrrp.router_id,
        clocks=clocks,
        missing=capture.missing,
        exact=exact_wait(pair, fault.name),
        keepalived=pair.keepalived,
        capture=read_capture(folder, name),
        addresses=read_addresses(folder, name, nodes),
    )
    write_facts(folder, trial)
    return trial


def hit_pair(site: OpenSite, holder: str) -> Pair:
    """The pair whose `holder` is hit, with the release of keepalived found on the other: its timers decide."""
    standby = next(node for node in site.nodes if node.name != holder)
    return Pair.of(site.model, holder, said_version(standby, site.model.keepalived.prefix))


def longest_s(pair: Pair, band: Band, fault: str) -> float:
    """How long to wait for the recovery; as long as any takeover could take where none, or a second holder, is due."""
    if THEORIES[fault].holders == "two" or not band.bounded:
        return longest_takeover_s(pair) + WATCHED_S
    return band.high_s + SLACK_S


def holders_after(site: OpenSite, fault: Fault, pair: Pair) -> tuple[str, ...]:
    """Who holds the VIP while the fault is on; a machine without power holds nothing and can't be asked."""
    asked = [pair.standby] if fault.power else [pair.holder, pair.standby]
    return tuple(node.name for node in asked if holds_vip(site.hosts[node.name], site.model.vip_address))
