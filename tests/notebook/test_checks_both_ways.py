"""Every check is seen to fail, with the hint that fits its cause, and to hold again: on a site where the chapter ran.

A check without such a pair fails the count in test_every_check.py.
"""

from __future__ import annotations

import shlex
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from chapter_run import Finished

from runbook_lib import checks, failover
from runbook_lib.chapter.nacos import publish_proof, withdraw
from runbook_lib.chapter.undo_folder import FOLDER
from runbook_lib.checks.verdict import Check, Status, Verdict
from runbook_lib.failover.faults import node_record
from runbook_lib.failover.trials.restart import keepalived_came_back, restart_backup
from runbook_lib.hosts import OpenSite
from runbook_lib.journal import Journal
from runbook_lib.lab import Lab
from runbook_lib.notebook.open_site import open_model
from runbook_lib.notebook.standing import every_check
from runbook_lib.site import parse_site

pytestmark = [pytest.mark.lab, pytest.mark.timeout(600)]

HOLDS_AGAIN_WITHIN_S = 120.0
FAILS_WITHIN_S = 90.0
"""A client that was ended before its goodbye: Nacos' members miss its beats for 15 s, and tell each other."""
CONF = "/etc/keepalived/keepalived.conf"
SCRIPT = "/etc/keepalived/openresty_check.sh"
UNIT_FILE = "/etc/systemd/system/keepalived.service"
BUILT = "/usr/local/keepalived/sbin/keepalived"
KEEP, BACK = "cp -p {0} /root/kept; ", "mv /root/kept {0}"
"""The same file afterwards, its time too: a newer one would be a reason to reload."""
FIREWALL = "firewall-cmd -q "
STOP, START = "systemctl stop openresty", "systemctl start openresty"
BACKUP, MASTER, BOTH = "node128", "node129", "node128 node129"


@dataclass(frozen=True)
class Cause:
    """Why a check fails: made on a machine, and taken away again."""

    check: str
    machines: str
    make: str
    mend: str
    hint: str
    """Part of what the check must say then."""
    status: Status = Status.FAILED


CAUSES = (
    Cause(
        "machines.ready", "client", "ip address del 192.168.42.132/24 dev ens33",
        "ip address add 192.168.42.132/24 brd + dev ens33", "Is another machine at this SSH address?",
    ),
    Cause(
        "machines.clocks", BACKUP,
        "printf '#!/bin/sh\\n/bin/date -d +5seconds \"$@\"\\n' > /usr/local/bin/date; chmod +x /usr/local/bin/date",
        "rm /usr/local/bin/date", "Run chrony", Status.WARNED,
    ),
    Cause(
        "openresty.installed", BACKUP, "chmod a-x /usr/local/openresty/bin/openresty",
        "chmod a+x /usr/local/openresty/bin/openresty", "Notebook 01 makes it so.",
    ),
    Cause("openresty.running", BACKUP, STOP, START, "Notebook 01 starts it"),
    Cause(
        "openresty.answers", BACKUP, STOP, START, "Notebook 01 starts it and opens the port.",
    ),
    Cause(
        "ports.reachable", BACKUP, FIREWALL + "--remove-port=8849/tcp", FIREWALL + "--add-port=8849/tcp",
        "notebook 01 opens the ports",
    ),
    Cause(
        "ports.kept", BACKUP, FIREWALL + "--permanent --remove-port=8850/tcp",
        FIREWALL + "--permanent --add-port=8850/tcp", "Notebook 01 lets it in",
    ),
    Cause(
        "keepalived.toolchain", BOTH, "mv /usr/bin/make /root/make", "mv /root/make /usr/bin/make", "make",
    ),
    Cause("keepalived.version", BACKUP, f"mv {BUILT} /root/kept", BACK.format(BUILT), "notebook 02 builds it"),
    Cause("keepalived.provenance", BACKUP, f"mv {BUILT} /root/kept", BACK.format(BUILT), "Notebook 02 builds it again"),
    Cause(
        "service.registered", BACKUP, "mv /usr/sbin/keepalived /root/kept", BACK.format("/usr/sbin/keepalived"),
        "Notebook 03 copies it there.",
    ),
    Cause(
        "service.enabled", BACKUP, "systemctl -q disable keepalived", "systemctl -q enable keepalived",
        "systemctl enable keepalived",
    ),
    Cause(
        "service.not-sysv", BACKUP,
        f"mv {UNIT_FILE} /root/kept; printf '#!/bin/sh\\n# chkconfig: - 86 14\\n' > /etc/init.d/keepalived; "
        "chmod +x /etc/init.d/keepalived; systemctl daemon-reload",
        f"mv /root/kept {UNIT_FILE}; rm /etc/init.d/keepalived; systemctl daemon-reload",
        "Notebook 03 writes a unit, which wins.",
    ),
    Cause(
        "vrrp.arrives", BACKUP, FIREWALL + "--remove-protocol=vrrp", FIREWALL + "--add-protocol=vrrp", "notebook 04",
    ),
    Cause(
        "vrrp.kept", BACKUP, FIREWALL + "--permanent --remove-protocol=vrrp",
        FIREWALL + "--permanent --add-protocol=vrrp", "Notebook 04 lets it in",
    ),
    Cause("config.installed", BACKUP, KEEP.format(CONF) + f"echo '#' >> {CONF}", BACK.format(CONF), "--only 05 --plan"),
    Cause(
        "config.valid", BACKUP, KEEP.format(CONF) + f"echo 'vrrp_instance VI_2 {{' >> {CONF}", BACK.format(CONF),
        "Notebook 05 writes the file again",
    ),
    Cause(
        "config.agrees", BACKUP, KEEP.format(CONF) + f"sed -i s/_router_id.51/_router_id\\ 52/ {CONF}",
        BACK.format(CONF), "Make virtual_router_id equal",
    ),
    Cause("check-script.installed", BACKUP, f"chmod 644 {SCRIPT}", f"chmod 755 {SCRIPT}", "chmod +x"),
    Cause(
        "check-script.reports", BACKUP, KEEP.format(SCRIPT) + f"printf '#!/bin/sh\\n' > {SCRIPT}", BACK.format(SCRIPT),
        "It says 0 whatever happens",
    ),
    Cause(
        "service.running", BACKUP, "systemctl stop keepalived", "systemctl start keepalived", "Notebook 07 starts it",
    ),
    Cause("service.fresh", BACKUP, KEEP.format(CONF) + f"echo '#' >> {CONF}", BACK.format(CONF), "07 does the reload"),
    Cause(
        "vip.one-holder", BACKUP, "ip address add 192.168.42.130/24 dev ens33",
        "ip address del 192.168.42.130/24 dev ens33", "They don't hear each other",
    ),
    Cause(
        "vip.answers", MASTER, FIREWALL + "--remove-port=80/tcp", FIREWALL + "--add-port=80/tcp",
        "OpenResty on node129 and its firewall",
    ),
    Cause(
        "openresty.restarts", MASTER,
        "mkdir /run/systemd/system/openresty.service.d; "
        "printf '[Service]\\nRestart=no\\n' > /run/systemd/system/openresty.service.d/x.conf; systemctl daemon-reload",
        "rm -r /run/systemd/system/openresty.service.d; systemctl daemon-reload", "Notebook 01 writes the unit.",
    ),
    Cause(
        "nacos.ready", BACKUP, FIREWALL + "--remove-port=8849/tcp", FIREWALL + "--add-port=8849/tcp",
        "notebook 01 opens its port",
    ),
    Cause(
        "nacos.console", MASTER, FIREWALL + "--remove-port=80/tcp", FIREWALL + "--add-port=80/tcp",
        "Nobody answers at the VIP",
    ),
    Cause(
        "client.registered", "client", "systemctl stop nacos-consumer-sample", "systemctl start nacos-consumer-sample",
        "it registers when it has started",
    ),
    Cause(
        "client.answers", "client", "systemctl stop nacos-consumer-sample", "systemctl start nacos-consumer-sample",
        "journalctl -u nacos-consumer-sample",
    ),
    Cause(
        "failover.none-left", BACKUP,
        f"mkdir -p {FOLDER}; echo {shlex.quote(node_record.render_undo('x-00000000', 'true'))}"
        f" >{node_record.path_of('x-00000000')}",
        f"rm {node_record.path_of('x-00000000')}", "or a run, undoes it",
    ),
    Cause("failover.steady-state", BACKUP, STOP, START, "OpenResty on node128"),
)  # fmt: skip

ELSEWHERE = {
    "segment.keepalived-ours": "checks/test_segment_on_a_lab.py::test_a_keepalived_that_is_not_ours_is_found",
    "segment.vip-free": "checks/test_segment_on_a_lab.py::test_an_address_that_answers_already_is_found",
    "segment.vrid-free": "checks/test_segment_on_a_lab.py::test_an_advertiser_with_the_same_id_is_found",
    "clean-up.nothing-left": "::test_what_is_left_on_the_nodes_is_named",
    "keepalived.source": "::test_the_archive_of_an_empty_cache",
    "nacos.configuration-reads-back": "::test_a_value_is_there_or_gone",
    "nacos.configuration-withdrawn": "::test_a_value_is_there_or_gone",
    "service.restarted": "::test_a_daemon_that_was_not_restarted",
    "failover.outage-in-band": "::test_an_outage_that_the_parameters_do_not_explain",
    "failover.restored": "::test_an_outage_that_the_parameters_do_not_explain",
    "failover.application-follows": "::test_an_application_that_is_cut_off",
    "failover.catalogue-as-predicted": "failover/test_series.py::test_nearly_all_must_lie_inside",
    "failover.exact-prediction": "failover/test_series.py::test_exact_predictions_are_judged_together",
    "failover.holders-as-predicted": "failover/test_two_holders.py::test_a_second_holder_is_expected_of_some_faults",
    "failover.fast-enough": "failover/test_tuning.py::test_the_fastest_must_be_fast_in_the_median",
    "demonstration.combinations": "demonstrations/test_combinations.py::test_the_first_that_did_otherwise_is_named",
    **{
        f"demonstration.{name}": "demonstrations/test_sights.py::test_a_check_fails_when_defect_or_cure_was_not_seen"
        for name in (
            "include-order", "init-script", "direct-rule", "priorities", "script-security", "process-count",
            "not-executable", "without-killall", "control-group", "clear-text", "stale-arp",
        )
    },
}  # fmt: skip
"""By check: the test that shows it failing, where making its cause needs more than a command."""


@pytest.fixture(scope="module")
def site(finished: Finished, tmp_path_factory: pytest.TempPathFactory) -> OpenSite:
    model = parse_site({"lab": {"name": finished.site.lab.name}})
    return open_model(model, Journal(None), tmp_path_factory.mktemp("both-ways"))


def check_named(site: OpenSite, name: str) -> Check:
    return next(check for check in every_check(site) if check.id == name)


def observed(check: Check, wanted: Collection[Status], within_s: float) -> Verdict:
    """What it says once it is one of these, or at last."""
    deadline = time.monotonic() + within_s
    while True:
        verdict = check.observe()
        if verdict.status in wanted or time.monotonic() > deadline:
            return verdict
        time.sleep(0.3)


def holds(check: Check) -> Verdict:
    return observed(check, [status for status in Status if status.is_good], HOLDS_AGAIN_WITHIN_S)


@contextmanager
def made(lab: Lab, cause: Cause) -> Iterator[None]:
    """The cause is there, until the block ends."""
    machines = cause.machines.split()
    try:
        for machine in machines:
            assert lab.capture(machine, ("sh", "-ec", cause.make)) == (0, "", "")
        yield
    finally:
        for machine in machines:
            assert lab.capture(machine, ("sh", "-ec", cause.mend)) == (0, "", "")


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.check)
def test_it_fails_while_its_cause_is_there(finished: Finished, site: OpenSite, cause: Cause) -> None:
    check = check_named(site, cause.check)
    before = holds(check)
    assert before.status.is_good, before
    assert before.status is not cause.status, before
    with made(finished.site.lab, cause):
        broken = observed(check, [cause.status], FAILS_WITHIN_S)
    assert broken.status is cause.status, broken
    assert cause.hint in broken.hint
    assert holds(check).status is before.status
    assert holds(check_named(site, "failover.steady-state")).status is Status.PASSED


def test_a_cable_that_is_out_is_named_wherever_it_shows(finished: Finished, site: OpenSite) -> None:
    lab = finished.site.lab
    lab.unplug("node129")
    try:
        broken = [
            check_named(site, name).observe() for name in ("openresty.answers", "ports.reachable", "vrrp.arrives")
        ]
    finally:
        lab.plug("node129")
    assert {(verdict.status, verdict.hint) for verdict in broken} == {
        (
            Status.FAILED,
            f"Put node129's cable in: runbook lab plug node129 --name {lab.name}; a run does it, too.",
        )
    }
    assert holds(check_named(site, "failover.steady-state")).status is Status.PASSED


def test_what_is_left_on_the_nodes_is_named(site: OpenSite) -> None:
    verdict = checks.nothing_left(site).observe()  # that it holds after 90: test_chapter_on_a_lab
    assert verdict.status is Status.FAILED
    assert "Notebook 90 takes it away" in verdict.hint


def test_the_archive_of_an_empty_cache(site: OpenSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check = checks.keepalived_source(site)
    assert check.observe().status.is_good
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert check.observe() == Verdict.failed(
        "it was not fetched yet", "Notebook 02 fetches it, or give keepalived.archive=FILE."
    )


def test_a_value_is_there_or_gone(site: OpenSite) -> None:
    proof = publish_proof(site)
    there, gone = checks.configuration_reads_back(site, proof), checks.configuration_withdrawn(site, proof)
    assert (holds(there).status, gone.observe().status) == (Status.PASSED, Status.FAILED)
    withdraw(site, proof)
    assert (holds(gone).status, there.observe().status) == (Status.PASSED, Status.FAILED)


def test_a_daemon_that_was_not_restarted(site: OpenSite) -> None:
    stopped = restart_backup(site)
    assert not isinstance(stopped, failover.Skipped)
    assert holds(keepalived_came_back(site, stopped)).status is Status.PASSED
    running = int(site.backup.run("systemctl show --value -p MainPID keepalived").check().stdout)
    assert keepalived_came_back(site, replace(stopped, pid=running)).observe().hint.startswith("It was not")


def test_an_outage_that_the_parameters_do_not_explain(finished: Finished, site: OpenSite) -> None:
    """The BACKUP's priority is 50 in its file, and 1 in these parameters: a skew of 0.996 s instead of 0.805 s."""
    backup = site.model.nodes.backup.model_copy(update={"priority": 1})
    nodes = site.model.nodes.model_copy(update={"backup": backup})
    other = replace(site, model=site.model.model_copy(update={"nodes": nodes}))
    trial = undisturbed(other, "stop-keepalived")
    verdict = failover.outage_in_band(trial).observe()
    assert (verdict.status, verdict.hint) == (Status.FAILED, "does the daemon run what its file says (05)?")
    assert holds(failover.restored(site, trial)).status is Status.PASSED
    with made(finished.site.lab, next(cause for cause in CAUSES if cause.check == "failover.none-left")):
        assert failover.restored(site, trial).observe().status is Status.FAILED


def undisturbed(site: OpenSite, fault: str) -> failover.Trial:
    """A trial of the fault that is judged: where a machine stalled in it, another one, up to six in all."""
    for _ in range(6):
        trial = failover.measure_failover(site, fault)
        assert isinstance(trial, failover.Trial)
        if not trial.disturbed:
            return trial
    pytest.skip("This machine stalled in each of six trials: it is too busy to measure on.")


@pytest.mark.slow
def test_an_application_that_is_cut_off(finished: Finished, site: OpenSite) -> None:
    block = (
        "nft add table inet cut; nft 'add chain inet cut out { type filter hook output priority 0; }'; nft add rule "
    )
    cut = Cause("", "client", block + "inet cut out ip daddr 192.168.42.130 drop", "nft delete table inet cut", "")
    with made(finished.site.lab, cut):
        trial = failover.measure_failover(site, "shutdown-master")
    verdict = failover.application_follows(trial).observe()
    assert (verdict.status, verdict.hint.split()[0]) == (Status.FAILED, "journalctl")
    assert holds(check_named(site, "client.answers")).status is Status.PASSED
