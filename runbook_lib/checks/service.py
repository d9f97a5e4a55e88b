"""Checks of chapter steps 4, 5, 10 and 12: registered, enabled, running, and with nothing older than its files."""

from __future__ import annotations

from runbook_lib.chapter.daemon import FROZEN, Daemon, Need, daemon_found
from runbook_lib.chapter.rendering import template
from runbook_lib.chapter.service import BINARY, UNIT, UNIT_FILE, Registration, ServiceState, registration, service_state
from runbook_lib.checks.pair import on_both
from runbook_lib.checks.verdict import Check, Verdict
from runbook_lib.hosts import OpenSite


def service_registered(site: OpenSite) -> Check:
    """Check `service.registered`: our unit is the one that systemd would start, and it starts what was built."""

    def observe() -> Verdict:
        return on_both(site, lambda host: judge_registered(registration(site, host), service_state(host)))

    claim = f"systemd knows {UNIT} on both nodes, and it runs the binary that was built."
    return Check("service.registered", claim, "03", observe)


def judge_registered(found: Registration, state: ServiceState) -> Verdict:
    """FAILED with the hint for what is missing. Pure."""
    if not found.on_path:
        return Verdict.failed(f"no {BINARY}", "Notebook 03 copies it there.")
    if found.on_path != found.built:
        return Verdict.failed(f"{BINARY} is not the binary that was built", "Notebook 03 copies it again.")
    if found.unit is None or not state.loaded:
        return Verdict.failed(f"systemd knows no {UNIT}", "Notebook 03 writes it.")
    if state.file != UNIT_FILE:
        return Verdict.failed(f"{state.file or 'another file'} wins over {UNIT_FILE}", "Notebook 03 tells systemd.")
    if found.unit != template("keepalived.service"):
        return Verdict.failed(f"{UNIT_FILE} is not as we write it", "Notebook 03 writes it again.")
    return Verdict.passed(f"{state.file} runs {BINARY}")


def service_not_sysv(site: OpenSite) -> Check:
    """Check `service.not-sysv`: the unit is a file of its own, not made by systemd from an init.d script."""

    def observe() -> Verdict:
        return on_both(site, lambda host: judge_not_sysv(service_state(host)))

    return Check("service.not-sysv", "systemd starts a unit file, and no init.d script is asked.", "03", observe)


def judge_not_sysv(state: ServiceState) -> Verdict:
    """FAILED for a unit that systemd's sysv-generator made, or none. Pure."""
    if not state.loaded:
        return Verdict.failed(f"systemd knows no {UNIT}", "Notebook 03 writes it.")
    if "/generator" in state.file:
        return Verdict.failed(f"{state.file} was made of an init.d script", "Notebook 03 writes a unit, which wins.")
    return Verdict.passed(state.file)


def service_enabled(site: OpenSite) -> Check:
    """Check `service.enabled`: keepalived starts at boot."""

    def observe() -> Verdict:
        return on_both(site, lambda host: judge_enabled(service_state(host)))

    return Check("service.enabled", f"{UNIT} starts at boot on both nodes.", "03", observe)


def judge_enabled(state: ServiceState) -> Verdict:
    """FAILED when it is not enabled. Pure."""
    if state.enabled:
        return Verdict.passed("enabled")
    if not state.loaded:
        return Verdict.failed("no such unit", "Notebook 03 registers it.")
    return Verdict.failed("not enabled", f"Notebook 03, or: systemctl enable {UNIT}")


def service_running(site: OpenSite) -> Check:
    """Check `service.running`: keepalived runs on both nodes."""

    def observe() -> Verdict:
        return on_both(site, lambda host: judge_running(service_state(host)))

    return Check("service.running", "keepalived runs on both nodes.", "07", observe)


def judge_running(state: ServiceState) -> Verdict:
    """FAILED with the hint for the state that it is in. Pure."""
    if state.active == "active":
        return Verdict.passed(f"active since {state.since}, PID {state.main_pid}")
    if not state.loaded:
        return Verdict.failed("no such unit", "Notebook 03 registers it.")
    if state.active == "failed":
        return Verdict.failed("failed", f"Why: journalctl -u {UNIT} -n 50")
    return Verdict.failed(state.active, f"Notebook 07 starts it, or: systemctl start {UNIT}")


def service_fresh(site: OpenSite) -> Check:
    """Check `service.fresh`: what runs is what stands in the files."""

    def observe() -> Verdict:
        return on_both(site, lambda host: judge_fresh(daemon_found(site, host)))

    claim = "Each keepalived runs with binary, unit, configuration and script as they stand now."
    return Check("service.fresh", claim, "07", observe)


def judge_fresh(found: Daemon) -> Verdict:
    """FAILED when a reload or restart is due. Pure."""
    if found.frozen:
        return Verdict.failed(FROZEN, "Notebook 07 lets it go on.")
    need, why = found.need
    if need is Need.NOTHING:
        return Verdict.passed(why)
    leaves = need is Need.RESTART and (found.holds_vip or found.changes_group)
    held_back = " It takes the VIP away for a moment, so the site must allow disruption: faults." if leaves else ""
    return Verdict.failed(why, f"Notebook 07 does the {need}.{held_back}")
