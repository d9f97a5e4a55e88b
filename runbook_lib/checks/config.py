"""Checks of chapter steps 7-8: the configuration is the wanted one, keepalived takes it, and both nodes agree."""

from __future__ import annotations

from runbook_lib.chapter.check_script import SCRIPT
from runbook_lib.chapter.config import (
    CONFIG,
    MISSING_SCRIPT,
    configuration_test,
    installed_configuration,
    render_configuration,
)
from runbook_lib.chapter.service import BINARY
from runbook_lib.checks.config_findings import Level, NodeConfiguration
from runbook_lib.checks.config_linter import lint
from runbook_lib.checks.pair import on_both
from runbook_lib.checks.verdict import Check, Verdict
from runbook_lib.hosts import Completed, Host, OpenSite
from runbook_lib.keepalived_conf.parser import parse_configuration

CANNOT_RUN = ("not found", "No such file or directory", "Permission denied")
"""What the shells say of a program: dash the first, bash the others."""


def config_installed(site: OpenSite) -> Check:
    """Check `config.installed`: keepalived.conf says what the parameters say."""
    nodes = {node.name: node for node in site.model.nodes.pair}

    def judge(host: Host) -> Verdict:
        return judge_installed(installed_configuration(host), render_configuration(site.model, nodes[host.name]))

    claim = f"{CONFIG} on both nodes says what the parameters say."
    return Check("config.installed", claim, "05", lambda: on_both(site, judge))


def judge_installed(found: str | None, wanted: str) -> Verdict:
    """FAILED when it is missing or differs. Pure."""
    if found is None:
        return Verdict.failed("no file", "Notebook 05 writes it.")
    if found != wanted:
        return Verdict.failed(
            "another text",
            "`runbook run -f FILE --only 05 --plan` shows the difference; 05 writes it, 07 has it read.",
        )
    return Verdict.passed("as rendered")


def config_valid(site: OpenSite) -> Check:
    """Check `config.valid`: each node's own keepalived takes its file as it stands (`keepalived -t`)."""

    def judge(host: Host) -> Verdict:
        if installed_configuration(host) is None:  # 2.2.7 takes a file that isn't there
            return Verdict.failed("no file", "Notebook 05 writes it.")
        test = configuration_test(CONFIG)
        return judge_test(host.run(test.command, *test.values))

    claim = f"keepalived -t on each node takes {CONFIG} as it stands."
    return Check("config.valid", claim, "05", lambda: on_both(site, judge))


def judge_test(tested: Completed) -> Verdict:
    """Whether keepalived would take the file, by the same test as before its installation. Pure."""
    said = tested.stderr.strip().splitlines()
    if said == [MISSING_SCRIPT]:
        return Verdict.passed(f"no complaint but that {SCRIPT} is still to come (notebook 06)")
    observed = " | ".join(said[:3]) or "no complaint"
    if tested.exit_status == 0:
        return Verdict.passed(observed)
    if any(BINARY in line and line.endswith(CANNOT_RUN) for line in said):
        return Verdict.failed(f"{BINARY} can't be run", "Notebooks 02 and 03 bring it.")
    return Verdict.failed(observed, "Notebook 05 writes the file again; the line that is meant stands in the message.")


def config_agrees(site: OpenSite) -> Check:
    """Check `config.agrees`: the files of the two nodes fit each other, and will move the VIP when they should."""
    claim = "The configurations of the two nodes fit each other."
    return Check("config.agrees", claim, "05", lambda: _observe_agreement(site))


def _observe_agreement(site: OpenSite) -> Verdict:
    texts = {node: installed_configuration(site.hosts[node.name]) for node in site.model.nodes.pair}
    if missing := [node.name for node, text in texts.items() if text is None]:
        return Verdict.failed(f"no {CONFIG} on {', '.join(missing)}", "Notebook 05 writes it.")
    first, second = (
        NodeConfiguration(node.name, node.address, parse_configuration(text or "", CONFIG, node.name))
        for node, text in texts.items()
    )
    findings = lint(first, second, site.model.openresty.restart_s)
    if not findings:
        return Verdict.passed("version, VRID, interval, password and VIPs are equal; priorities and weights fit")
    observed = "; ".join(f"{finding.text} [{finding.rule}]" for finding in findings)
    hint = " ".join(dict.fromkeys(finding.cure for finding in findings))
    wrong = any(finding.level is Level.ERROR for finding in findings)
    return Verdict.failed(observed, hint) if wrong else Verdict.warned(observed, hint)
