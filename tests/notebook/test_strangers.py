"""Somebody else's OpenResty, keepalived, rules and files stay the same, whatever is run, broken and undone beside them.

That they outlive notebook 90, and the chapter from its beginning: test_chapter_on_a_lab.py.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from chapter_run import Finished
from interruption import on
from strangers import Strangers, strangers

from runbook_lib import failover
from runbook_lib.chapter import OPERATIONS
from runbook_lib.chapter.check_script import SCRIPT, install_check_script
from runbook_lib.chapter.clean_up import clean_up
from runbook_lib.chapter.daemon import start_keepalived
from runbook_lib.chapter.openresty import install_openresty
from runbook_lib.chapter.undo_folder import FOLDER as UNDOS
from runbook_lib.chapter.undo_folder import render_first_line
from runbook_lib.checks.verdict import Status, Verdict
from runbook_lib.errors import HostError
from runbook_lib.failover.faults.catalogue import FAULTS
from runbook_lib.failover.faults.inject import inject
from runbook_lib.hosts import OpenSite
from runbook_lib.journal import Journal
from runbook_lib.notebook.open_site import open_model
from runbook_lib.notebook.standing import every_check
from runbook_lib.site import parse_site

pytestmark = [pytest.mark.lab, pytest.mark.timeout(600)]

QUICK = {"openresty-cannot-start", "kill-keepalived", "freeze-openresty", "block-vrrp-both"}
"""One of each kind that ends, starts or filters; the others take `make test-all`."""
BESIDE_THEM = [name for name, fault in FAULTS.items() if not fault.power]
"""A machine that loses its power takes everybody's processes with it."""


@pytest.fixture(scope="module")
def site(finished: Finished, tmp_path_factory: pytest.TempPathFactory) -> OpenSite:
    model = parse_site({"lab": {"name": finished.site.lab.name}})
    return open_model(model, Journal(None), tmp_path_factory.mktemp("strangers"))


@pytest.fixture
def beside(finished: Finished) -> Iterator[Strangers]:
    with strangers(finished.site.lab) as there:
        yield there


def verdict(site: OpenSite, name: str) -> Verdict:
    return next(check for check in every_check(site) if check.id == name).observe()


def settle(site: OpenSite) -> None:
    deadline = time.monotonic() + 120
    while not (seen := verdict(site, "failover.steady-state")).status.is_good:
        assert time.monotonic() < deadline, seen
        time.sleep(0.3)


def test_a_second_run_changes_nothing_beside_them(beside: Strangers, site: OpenSite) -> None:
    planned = [change for o in OPERATIONS if o.notebook != "90" for change in o.plan(site) if not change.is_none]
    assert planned == []
    assert beside.now() == beside.before


@pytest.mark.parametrize("fault", [pytest.param(f, marks=() if f in QUICK else pytest.mark.slow) for f in BESIDE_THEM])
def test_a_fault_and_its_undo_leave_them_alone(beside: Strangers, site: OpenSite, fault: str) -> None:
    settle(site)
    injection = inject(site, FAULTS[fault], 120.0)
    try:
        assert beside.now() == beside.before
    finally:
        injection.undo()
    settle(site)
    assert beside.now() == beside.before


def test_a_recovery_leaves_them_alone(beside: Strangers, site: OpenSite) -> None:
    settle(site)
    inject(site, FAULTS["openresty-cannot-start"], 120.0)
    assert len(failover.undo_recorded_faults(site)) == 1
    settle(site)
    assert beside.now() == beside.before


def test_what_is_frozen_goes_on(beside: Strangers, finished: Finished, site: OpenSite) -> None:
    settle(site)
    on(finished.site.lab, "node128", "systemctl kill --signal=STOP openresty keepalived")
    verdicts = [verdict(site, name) for name in ("openresty.installed", "service.fresh")]
    assert [(found.status, "node128: is frozen (SIGSTOP)" in found.observed) for found in verdicts] == [
        (Status.FAILED, True)
    ] * 2
    assert (install_openresty(site).count, start_keepalived(site).count) == (1, 1)
    settle(site)
    assert beside.now() == beside.before


def test_an_openresty_that_is_stopped_is_started_and_no_other(
    beside: Strangers, finished: Finished, site: OpenSite
) -> None:
    on(finished.site.lab, "node128", "systemctl stop openresty")
    assert verdict(site, "openresty.running").observed.startswith("node129: active")
    assert verdict(site, "openresty.running").status is Status.FAILED
    assert install_openresty(site).count == 1
    assert beside.now() == beside.before


def test_one_that_listens_on_our_port_is_found_and_left_alone(
    beside: Strangers, finished: Finished, site: OpenSite
) -> None:
    lab = finished.site.lab
    on(lab, "node128", "systemctl stop openresty; sed -i s/8081/80/ /opt/theirs/nginx.conf")
    try:
        on(lab, "node128", "systemctl restart their-openresty")
        found = next(change for change in install_openresty.plan(site) if change.host == "node128")
        running = verdict(site, "openresty.running")
    finally:
        on(lab, "node128", "systemctl stop their-openresty; systemctl start openresty")
    assert (found.is_none, found.title) == (True, "it has openresty of its own: used as it is")
    assert running.status is Status.FAILED
    settle(site)


def test_a_script_by_hand_is_kept_aside_and_named_by_90(finished: Finished, site: OpenSite) -> None:
    lab = finished.site.lab
    on(lab, "node128", f"printf '#!/bin/sh\\n# by hand\\nexit 0\\n' >{SCRIPT}; chmod 755 {SCRIPT}")
    assert install_check_script(site).count == 1
    assert "# by hand" in on(lab, "node128", f"cat {SCRIPT}.aside-1")
    planned = next(change for change in clean_up.plan(site) if change.host == "node128")
    assert planned.warning == f"left, as somebody put it there later: {SCRIPT}.aside-1"
    on(lab, "node128", f"rm {SCRIPT}.aside-1")


@pytest.mark.parametrize(
    ("first_line", "said"),
    [
        (
            render_first_line("x-1"),
            f"a fault is on, its undo is in {UNDOS}. Undo it first: runbook fault recover -f FILE",
        ),
        (
            "# theirs",
            f"{UNDOS}/x-1 is no undo of ours, and would go with that folder. Look at it on node128, and move it away.",
        ),
    ],
)
def test_90_refuses_while_something_is_among_the_undos(
    first_line: str, said: str, finished: Finished, site: OpenSite
) -> None:
    lab = finished.site.lab
    on(lab, "node128", f"mkdir -p {UNDOS}; echo '{first_line}' >{UNDOS}/x-1")
    try:
        with pytest.raises(HostError) as refused:
            clean_up(site)
        assert on(lab, "node128", f"ls {UNDOS}") == "x-1\n"
    finally:
        on(lab, "node128", f"rm {UNDOS}/x-1")
    assert str(refused.value) == f"node128: {said}"
