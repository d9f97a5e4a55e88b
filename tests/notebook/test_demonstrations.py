"""Each demonstration on a real pair: it shows the defect and its cure, and leaves the machines as they were."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from chapter_run import Bundle, Finished

from runbook_lib.failover.trials.waiting import wait_for_nodes
from runbook_lib.journal import Journal
from runbook_lib.lab import Lab
from runbook_lib.notebook.open_site import open_model
from runbook_lib.site import parse_site

pytestmark = [pytest.mark.lab, pytest.mark.timeout(600)]

NOTEBOOKS = {
    "include-order": "02", "init-script": "03", "direct-rule": "04", "priorities": "05", "script-security": "05",
    "process-count": "06", "not-executable": "06", "without-killall": "06", "control-group": "07", "clear-text": "08",
    "stale-arp": "09",
}  # fmt: skip
IN_FLIGHT = {
    "direct_rule": ("node129", "firewall-cmd --direct --get-all-rules | grep -q vrrp"),
    "control_group": ("node128", 'grep -q keepalived.service "/proc/$(pgrep -o -x openresty)/cgroup"'),
    "clear_text": ("node129", "grep -q 'version 3' /etc/keepalived/keepalived.conf"),
    "stale_arp": ("node129", "nft list table ip runbook_demonstration"),
}
"""What a demonstration looks like when it is half done: the probe ends with 0."""
FINDINGS = {
    ("chapter", "-20", "stays"),
    ("chapter", "0", "moves"),
    ("fixed", "-20", "stays"),
    ("fixed", "0", "moves"),
}
"""Measured with keepalived 2.1.5: the weight decides, not the script."""
WITHIN_S = 60.0
LEFT = r"""
nft list ruleset | sed 's/packets [0-9]* bytes [0-9]*//'
sha256sum /etc/keepalived/* /usr/local/openresty/bin/openresty
ls -A /var/lib/runbook/faults /var/lib/runbook/saved 2>/dev/null | grep -v -e : -e '^$'
ls -d /tmp/tmp.* 2>/dev/null
pgrep -c keepalived; grep -ho '[^/]*[.]service' "/proc/$(pgrep -o -x openresty)/cgroup" | head -n 1
grep -c '^State:.T' "/proc/$(pgrep -o -x openresty)/status"
true"""
"""What a demonstration may have touched: firewall, files, records, temporary folders, processes."""


@dataclass(frozen=True)
class Shown:
    """A run with every demonstration, and the nodes before and after it."""

    bundle: Bundle
    before: dict[str, str]
    after: dict[str, str]


@pytest.fixture(scope="module")
def shown(finished: Finished) -> Shown:
    before = left(finished.site.lab)
    run = finished.site.run("--only", ",".join(sorted(set(NOTEBOOKS.values()))), "-p", "disruption=demonstrations")
    return Shown(run, before, left(finished.site.lab))


def left(lab: Lab) -> dict[str, str]:
    return {node: lab.capture(node, ("sh", "-c", LEFT))[1] for node in ("node128", "node129")}


@pytest.mark.slow
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_it_shows_the_defect_and_its_cure(shown: Shown, name: str) -> None:
    assert shown.bundle.verdict_of(f"demonstration.{name}")["verdict"] == "PASSED"
    assert "the cure" in shown.bundle.outputs(NOTEBOOKS[name])


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_where_the_site_does_not_agree_it_is_skipped_with_the_reason(finished: Finished, name: str) -> None:
    reason = "a demonstration needs disruption: demonstrations, the site allows faults"
    verdict = finished.first.verdict_of(f"demonstration.{name}")
    assert (verdict["verdict"], verdict["observed"]) == ("SKIPPED", reason)
    assert f"SKIPPED: {reason}" in finished.first.outputs(NOTEBOOKS[name])


@pytest.mark.slow
def test_the_four_combinations_of_script_and_weight(shown: Shown) -> None:
    rows = [line.split() for line in shown.bundle.outputs("09").splitlines()]
    assert {(row[0], row[1], row[3]) for row in rows if row[:1] in (["chapter"], ["fixed"])} == FINDINGS


@pytest.mark.slow
def test_they_are_no_changes_and_leave_the_nodes_as_they_were(finished: Finished, shown: Shown) -> None:
    assert shown.bundle.result["changes"] == 0
    assert shown.after == shown.before
    assert finished.site.runbook("run", "--plan").stdout.splitlines()[-1].startswith("Nothing would change; ")


@pytest.mark.slow
@pytest.mark.parametrize("name", IN_FLIGHT)
def test_one_that_was_killed_is_undone_by_the_next_run(finished: Finished, name: str) -> None:
    lab, before = finished.site.lab, left(finished.site.lab)
    argv = [sys.executable, str(Path(__file__).parent / "killed_demonstration.py"), lab.name, name]
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL, cwd=finished.site.folder) as running:
        try:
            wait_until_in_flight(lab, name)
        finally:
            running.kill()
    assert left(lab) != before
    finished.site.run("--only", "00")
    site = open_model(parse_site({"lab": {"name": lab.name}}), Journal(None), finished.site.folder)
    wait_for_nodes(site)
    assert left(lab) == before


def wait_until_in_flight(lab: Lab, name: str) -> None:
    node, probe = IN_FLIGHT[name]
    deadline = time.monotonic() + WITHIN_S
    while lab.capture(node, ("sh", "-c", probe))[0] != 0:
        assert time.monotonic() < deadline, f"{name} never came so far"
        time.sleep(0.05)
