"""Checks of chapter step 9: the script is there and executable, and its exit status tells the truth."""

from __future__ import annotations

from runbook_lib.chapter.check_script import (
    MODE,
    NOBODY_LISTENS,
    SCRIPT,
    InstalledScript,
    installed_script,
    render_check_script,
    run_script,
)
from runbook_lib.checks.pair import on_both
from runbook_lib.checks.verdict import Check, Verdict
from runbook_lib.hosts import Host, OpenSite

REASON = (
    "the chapter's script acts (it starts OpenResty, then kills keepalived), and says anything but 0 only where its "
    "killall fails: to run it would not be read-only"
)


def check_script_installed(site: OpenSite) -> Check:
    """Check `check-script.installed`: the wanted script, executable."""
    wanted = render_check_script(site.model)

    def observe() -> Verdict:
        return on_both(site, lambda host: judge_installed(installed_script(host), wanted))

    which = "the chapter's script" if site.model.check_script == "chapter" else "our script"
    return Check("check-script.installed", f"{SCRIPT} is {which} on both nodes, and executable.", "06", observe)


def judge_installed(found: InstalledScript, wanted: str) -> Verdict:
    """FAILED when it is missing, another one, or not executable. Pure."""
    if found.text is None:
        return Verdict.failed("no script", "Notebook 06 installs it.")
    if found.text != wanted:
        return Verdict.failed("another script", "Notebook 06 installs the one that the parameters ask for.")
    if found.mode != MODE:
        return Verdict.failed(f"mode {found.mode:o}", f"keepalived disables it: chmod +x {SCRIPT}, or notebook 06.")
    return Verdict.passed(f"as rendered, mode {found.mode:o}")


def check_script_reports(site: OpenSite) -> Check:
    """Check `check-script.reports`: run now, our script says what is true of OpenResty here, both ways."""

    def observe() -> Verdict:
        if site.model.check_script == "chapter":
            return Verdict.skipped(REASON)
        return on_both(site, lambda host: _judge(host, site.model.openresty.port))

    claim = "The script says 0 where OpenResty answers, and something else where nobody does."
    return Check("check-script.reports", claim, "06", observe)


def _judge(host: Host, port: int) -> Verdict:
    answers = host.run("curl --silent --fail --max-time 2 --output /dev/null %s", f"http://127.0.0.1:{port}/entry")
    # As keepalived runs it; any status is an answer.
    here = host.run("%s", SCRIPT).exit_status
    return judge_report(answers.exit_status == 0, here, run_script(host, NOBODY_LISTENS))


def judge_report(answers: bool, here: int, nobody: int) -> Verdict:
    """Compare the script's two exit statuses with what a request says. Pure."""
    observed = f"status {here} while OpenResty {'answers' if answers else 'does not answer'}, {nobody} without any"
    if 126 in (here, nobody) or 127 in (here, nobody):
        return Verdict.failed(f"it can't be run (status {here})", "Notebook 06 installs it, and it needs curl.")
    if nobody == 0:
        return Verdict.failed(observed, "It says 0 whatever happens: keepalived would never learn of a failure.")
    if (here == 0) is not answers:
        return Verdict.failed(observed, f"Run {SCRIPT} by hand: it needs curl, and the right port.")
    return Verdict.passed(observed)
