"""Checks of the two entries: installed, running under the name that the chapter counts, answering, restarted."""

from __future__ import annotations

from runbook_lib.chapter.openresty import (
    NAME,
    Entry,
    EntryFiles,
    entry_found,
    launcher,
    port_taken_by,
    unit_file,
    wanted_entry,
)
from runbook_lib.chapter.ownership import is_ours
from runbook_lib.chapter.service import UNIT as KEEPALIVED
from runbook_lib.chapter.service import ServiceState, service_state
from runbook_lib.chapter.unit_processes import list_processes
from runbook_lib.chapter.vip import Answer, answer_of_entry
from runbook_lib.checks.machines import hint_for_cables
from runbook_lib.checks.pair import on_both
from runbook_lib.checks.verdict import Check, Verdict
from runbook_lib.hosts import Host, OpenSite
from runbook_lib.site import Site


def openresty_installed(site: OpenSite) -> Check:
    """Check `openresty.installed`: launcher, configuration with `nacosCluster`, and unit are as wanted."""
    model = site.model

    def observe() -> Verdict:
        return on_both(site, lambda host: judge_installed(entry_found(host, model), wanted_entry(model, host.name)))

    claim = f"Both nodes have {launcher(model)} with the upstream nacosCluster on LAN addresses."
    return Check("openresty.installed", claim, "01", observe)


def judge_installed(found: Entry, wanted: EntryFiles) -> Verdict:
    """FAILED when a file is missing or differs; a server of the owner's is taken as it is. Pure."""
    if found.foreign:
        return Verdict.passed(f"{found.foreign}, used as it is")
    if found.files.launcher is None:
        return Verdict.failed("no OpenResty", "Notebook 01 sets it up.")
    if not found.executable:
        return Verdict.failed("its launcher is not executable", "Notebook 01 makes it so.")
    if found.files != wanted:
        return Verdict.failed("set up, but with other files", "Notebook 01 shows the difference and fixes it.")
    if found.frozen or not found.fresh:
        observed = "is frozen (SIGSTOP)" if found.frozen else "runs with an older configuration, or not at all"
        return Verdict.failed(observed, "Notebook 01 lets it go on, reloads or starts it.")
    return Verdict.passed("as wanted")


def openresty_running(site: OpenSite) -> Check:
    """Check `openresty.running`: the unit is active, and its processes are called `openresty` (what step 9 counts)."""
    unit = site.model.openresty.unit

    def observe() -> Verdict:
        return on_both(site, lambda host: _running(host, site.model))

    claim = f"{unit} is active on both nodes, and its processes are called openresty."
    return Check("openresty.running", claim, "01", observe)


def _running(host: Host, model: Site) -> Verdict:
    unit = model.openresty.unit
    state = host.run("systemctl is-active %s", unit).stdout.strip()  # any status: 3 is "not active"
    ours = "; ".join(list_processes(owner, NAME) for owner in (unit, KEEPALIVED))
    counted = len(host.run("sh -c %s", ours).stdout.splitlines())
    other = port_taken_by(host, model)
    if other == NAME and counted == 0:
        return judge_running(unit, state, 1)
    if other and counted == 0:
        return judge_other(unit, state, other, counts_names=model.check_script == "chapter")
    return judge_running(unit, state, counted)


def judge_other(unit: str, state: str, other: str, *, counts_names: bool) -> Verdict:
    """The verdict on another server in OpenResty's place: good enough for a check script that asks it. Pure."""
    if state != "active":
        hint = f"Name the unit that runs it: openresty.unit, perhaps {other}.service."
        return Verdict.failed(f"{other} listens on its port, and {unit} is {state}", hint)
    observed = f"active, and it is {other}"
    if counts_names:
        return Verdict.failed(observed, "The chapter's check script counts processes called openresty: take ours.")
    return Verdict.warned(observed, "The chapter's check script would not see it; ours asks it for /entry.")


def judge_running(unit: str, state: str, processes: int) -> Verdict:
    """FAILED with the hint that fits unit state and process count. Pure."""
    observed = f"{state}, {processes} processes"
    if state == "active" and processes > 0:
        return Verdict.passed(observed)
    if processes > 0:
        return Verdict.failed(
            f"{observed} outside of {unit}",
            f"Started by hand, or by the chapter's check script: openresty -s stop, then systemctl start {unit}",
        )
    if state == "active":
        return Verdict.failed(observed, "It runs under another name: the chapter's check script would not see it.")
    return Verdict.failed(observed, f"Notebook 01 starts it; if it does not stay: journalctl -u {unit} -n 50")


def openresty_answers(site: OpenSite) -> Check:
    """Check `openresty.answers`: each entry answers the other node, and gives its own name."""

    def observe() -> Verdict:
        return on_both(site, lambda host: _answer(site, host))

    return Check("openresty.answers", "Each entry answers the other node, by its own name.", "01", observe)


def _answer(site: OpenSite, host: Host) -> Verdict:
    answer = answer_of_entry(site, host)
    return judge_answer(host.name, answer, "" if answer.status else hint_for_cables(site))


def judge_answer(name: str, answer: Answer, cables: str = "") -> Verdict:
    """FAILED by cause: no answer (`cables`: what to plug in first), another entry, another configuration. Pure."""
    if answer.status == 0:
        return Verdict.failed(answer.error, cables or "Notebook 01 starts it and opens the port.")
    if answer.entry not in (name, ""):
        return Verdict.failed(f"{answer.entry} answered in its place", "Two machines have this address.")
    if answer.status != 200:
        needs = f"location = /entry {{ return 200; }} and, in its server, add_header X-Entry {name} always;"
        return Verdict.failed(
            f"HTTP status {answer.status}: its configuration is not ours", f"One of your own needs: {needs}"
        )
    return Verdict.passed(f"200 from {answer.entry or 'an entry that does not give its name'}")


def openresty_restarts(site: OpenSite, stopped_pid: int | None = None) -> Check:
    """Check `openresty.restarts`: OpenResty's unit starts it again by itself (figure 4.26).

    `stopped_pid`: the main process that was stopped on purpose before, on the MASTER: then another one must run by now.
    """
    unit = site.model.openresty.unit

    def observe() -> Verdict:
        shown = site.master.run("systemctl show %s -p Restart", unit).check().stdout.strip()
        state = service_state(site.master, unit)
        if state.active == "active" and shown != "Restart=always" and _is_theirs(site):
            setting = "[Service] Restart=always RestartSec=1"
            return Verdict.warned(f"{unit} has {shown}", f"A crash moves the VIP. systemctl edit {unit}: {setting}")
        return judge_restart(unit, state, shown, stopped_pid)

    return Check("openresty.restarts", "OpenResty comes back by itself when it ends.", "08", observe)


def _is_theirs(site: OpenSite) -> bool:
    return not is_ours(site.master.read_text(unit_file(site.model)))


def judge_restart(unit: str, state: ServiceState, restart: str, stopped_pid: int | None) -> Verdict:
    """FAILED when the unit doesn't restart, is down, or still is the process that was stopped. Pure."""
    if restart != "Restart=always":
        return Verdict.failed(f"{unit} has {restart or 'no such setting'}", "Notebook 01 writes the unit.")
    if state.active != "active":
        return Verdict.failed(f"{unit} is {state.active}", f"journalctl -u {unit} -n 50")
    if stopped_pid is None:
        return Verdict.passed(f"{restart}, active as PID {state.main_pid}")
    if state.main_pid == stopped_pid:
        return Verdict.failed(f"PID {stopped_pid} still runs", "It was not stopped: run the step above again.")
    return Verdict.passed(f"PID {stopped_pid} was stopped, PID {state.main_pid} runs since {state.since}")
