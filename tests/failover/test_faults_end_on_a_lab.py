"""How a fault ends on a real pair: at its deadline, at the boot after it, without its record, on units of others."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from chapter_run import Finished
from fault_images import IMAGE, is_on, is_undone, see, steady_pair, wait_until

from runbook_lib.chapter.ownership import STATE
from runbook_lib.chapter.undo_folder import FOLDER
from runbook_lib.errors import LabError
from runbook_lib.failover import none_left
from runbook_lib.failover.faults.catalogue import FAULTS
from runbook_lib.failover.faults.node_record import is_recorded, record_undo
from runbook_lib.failover.trials.waiting import wait_for_nodes
from runbook_lib.hosts import OpenSite
from runbook_lib.lab import Lab

pytestmark = [pytest.mark.lab, pytest.mark.timeout(600)]

ONE = "openresty-cannot-start"
"""It outlives a boot."""
ON_A_NODE = [
    pytest.param(name, marks=[] if name == ONE else pytest.mark.slow)
    for name, fault in FAULTS.items()
    if not fault.by_lab
]
WITH_A_TRACE = (
    ONE, "freeze-openresty", "kill-keepalived", "freeze-keepalived", "block-vrrp-one-side", "vrrp-loss", "stop-nacos"
)  # fmt: skip
LATE_S = 2.0
AFTER_BOOT_S = 5.0

LEFT = (
    "systemctl list-units --all --no-legend 'runbook-fault-*'; systemctl --failed --no-legend; "
    f"find /etc/systemd/system /var/lib/systemd/timers {FOLDER} -name '*runbook-fault-*' -o -path '{FOLDER}/*'"
)
"""Prints what is left of a fault's units and records."""

PACKAGE_UNIT = """\
[Unit]
Description=OpenResty, by a unit as its own package has it: nothing restarts it, and the default start limit
[Service]
Type=forking
PIDFile=/usr/local/openresty/nginx/logs/nginx.pid
ExecStartPre=/usr/local/openresty/nginx/sbin/nginx -p /usr/local/openresty/nginx/ -c conf/nginx.conf -t -q
ExecStart=/usr/local/openresty/nginx/sbin/nginx -p /usr/local/openresty/nginx/ -c conf/nginx.conf
ExecStop=/bin/kill -s QUIT $MAINPID
[Install]
WantedBy=multi-user.target
"""
PREFIX = "/usr/local/openresty"
UNIT_FILE = "/etc/systemd/system/openresty.service"
AS_PACKAGED = f"""\
set -e
systemctl stop openresty
cp -a {PREFIX} {PREFIX}.aside; cp -a {UNIT_FILE} {PREFIX}.aside/
rm {PREFIX}/bin/openresty; cp /usr/sbin/nginx {PREFIX}/nginx/sbin/nginx; chmod 750 {PREFIX}/nginx/sbin/nginx
ln -s ../nginx/sbin/nginx {PREFIX}/bin/openresty
printf %s '{PACKAGE_UNIT}' >{UNIT_FILE}
systemctl daemon-reload; systemctl start openresty
"""
AS_BEFORE = f"""\
systemctl stop openresty; rm -rf {PREFIX}; mv {PREFIX}.aside {PREFIX}; mv {PREFIX}/openresty.service {UNIT_FILE}
systemctl daemon-reload; systemctl reset-failed openresty; systemctl start openresty
"""

STRANGERS = """\
set -e
mkdir -p /opt/stranger
cp /usr/sbin/nginx /opt/stranger/openresty; cp /usr/bin/sleep /opt/stranger/keepalived
echo 'daemon off; pid /opt/stranger/pid; events {} http { server { listen 8081; } }' >/opt/stranger/nginx.conf
systemd-run --quiet --unit=stranger-openresty /opt/stranger/openresty -c /opt/stranger/nginx.conf
systemd-run --quiet --unit=stranger-keepalived /opt/stranger/keepalived 1000000
nft add table ip stranger
"""
STRANGERS_NOW = (
    "for u in stranger-openresty stranger-keepalived; do systemctl show -p MainPID -p ActiveState $u; done; "
    "nft list table ip stranger"
)
NO_STRANGERS = (
    "systemctl stop stranger-openresty stranger-keepalived; nft delete table ip stranger; rm -r /opt/stranger"
)


@pytest.fixture
def site(finished: Finished) -> Iterator[OpenSite]:
    with steady_pair(finished) as opened:
        yield opened


def machine_of(name: str) -> str:
    return IMAGE.get(name, ("node129", ""))[0]


def left(lab: Lab, machine: str) -> str:
    return lab.capture(machine, ["sh", "-c", LEFT])[1]


def see_nothing_left(lab: Lab, machine: str) -> None:
    wait_until(lambda: left(lab, machine) == "", 5, lambda: left(lab, machine))


@contextmanager
def without_controller(lab: Lab, name: str, expires_s: float) -> Iterator[float]:
    """The fault, whose controller was killed; its deadline in seconds since 1970, by the node."""
    controller = Path(__file__).with_name("killed_controller.py")
    with subprocess.Popen(
        [sys.executable, controller, lab.name, name, str(expires_s)], stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "applied\n"
        running.kill()
    of_timer = "sed -n s/OnCalendar=//p /etc/systemd/system/runbook-fault-*.timer"
    yield float(lab.capture(machine_of(name), ["sh", "-c", f'date -d "$({of_timer})" +%s.%N'])[1])


@pytest.mark.parametrize("name", ON_A_NODE)
@pytest.mark.usefixtures("site")
def test_a_deadline_holds_over_thirty_reloads(finished: Finished, name: str) -> None:
    lab, machine = finished.site.lab, machine_of(name)
    gone = f"! test -e {FOLDER}/{name}-1" + (f" && ! ( {IMAGE[name][1]} ) >/dev/null" if name in IMAGE else "")
    with without_controller(lab, name, 25.0) as deadline:
        reloads = "for i in $(seq 30); do systemctl daemon-reload; sleep 0.2; done"
        assert lab.capture(machine, ["sh", "-c", reloads])[0] == 0
        assert FAULTS[name].passes or is_on(lab, name)
        undone = lab.capture(machine, ["sh", "-c", f"until {gone}; do sleep 0.05; done; date +%s.%N"])[1]
    late_s = float(undone) - deadline
    print(f"{name}: undone {late_s:.2f} s after its deadline")
    assert 0 <= late_s <= LATE_S
    see_nothing_left(lab, machine)


@pytest.mark.parametrize("name", ON_A_NODE)
@pytest.mark.usefixtures("site")
def test_a_boot_after_the_deadline_undoes_it(finished: Finished, name: str) -> None:
    lab, machine = finished.site.lab, machine_of(name)
    expires_s = 15.0 if name == "stop-nacos" else 5.0  # three JVMs stop within 5 s (TimeoutStopSec)
    with without_controller(lab, name, expires_s) as deadline:
        lab.power_off(machine)
    wait_until(lambda: time.time() > deadline, expires_s + 5, "the deadline has not passed")
    begun = time.monotonic()
    lab.power_on(machine)
    wait_until(lambda: answers(lab, machine) and is_undone(lab, name), 60, "it is not undone at boot")
    took_s = time.monotonic() - begun
    print(f"{name}: undone {took_s:.2f} s after power on")
    assert took_s <= AFTER_BOOT_S
    see_nothing_left(lab, machine)


@pytest.mark.usefixtures("site")
def test_a_boot_before_the_deadline_leaves_it_on_until_then(finished: Finished) -> None:
    lab = finished.site.lab
    with without_controller(lab, ONE, 20.0) as deadline:
        lab.power_off("node129")
        lab.power_on("node129")
        wait_until(lambda: answers(lab, "node129"), 15, "it has not booted")
        assert is_on(lab, ONE)
        gone = f"while test -e {FOLDER}/{ONE}-1; do sleep 0.05; done; date +%s.%N"
        undone = lab.capture("node129", ["sh", "-c", gone])[1]
    assert 0 <= float(undone) - deadline <= LATE_S
    assert is_undone(lab, ONE)
    see_nothing_left(lab, "node129")


def test_a_deadline_that_passes_while_it_is_recorded_is_met(finished: Finished, site: OpenSite) -> None:
    record_undo(site.master, "stop-keepalived-00000000", "true", 0.0)
    wait_until(lambda: not is_recorded(site.master, "stop-keepalived-00000000"), 5, "it was not undone")
    see_nothing_left(finished.site.lab, "node129")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name == ONE else pytest.mark.slow) for name in WITH_A_TRACE]
)
def test_what_lost_its_record_is_known_by_its_effect_and_undone(finished: Finished, site: OpenSite, name: str) -> None:
    lab, machine = finished.site.lab, machine_of(name)
    assert finished.site.runbook("fault", "inject", name, "--expire", "120").returncode == 0
    lab.capture(machine, ["mv", STATE, f"{STATE}.aside"])
    try:
        seen = f"{machine}: {name}, of which only the effect is left"
        assert none_left(site).observe().observed == f"not undone: {seen}"
        assert finished.site.runbook("fault", "inject", "stop-keepalived").stderr == (
            f"runbook: A fault is on already: {machine} shows the effect of {name}. "
            "Undo it first: runbook fault recover -f FILE\n"
        )
        recovered = finished.site.runbook("fault", "recover")
        undone = f"{machine}: {name} undone, of which only the effect was left\n"
        assert (recovered.returncode, recovered.stdout) == (0, undone)
        assert is_undone(lab, name)
        assert left(lab, machine) == ""
    finally:
        lab.capture(machine, ["sh", "-c", f"rm -rf {STATE} && mv {STATE}.aside {STATE} && rm -rf {FOLDER}"])


def test_it_is_undone_on_a_unit_that_nothing_restarts(finished: Finished, site: OpenSite) -> None:
    lab = finished.site.lab
    assert lab.capture("node129", ["sh", "-c", AS_PACKAGED])[0] == 0
    try:
        wait_for_nodes(site)
        assert finished.site.runbook("fault", "inject", ONE).returncode == 0
        assert see(lab, "node129", f"test $(stat -c %a {PREFIX}/nginx/sbin/nginx) = 640")
        tries = "for i in $(seq 8); do systemctl start openresty; done; systemctl is-failed openresty"
        assert see(lab, "node129", tries)
        recovered = finished.site.runbook("fault", "recover")
        assert recovered.returncode == 0, recovered.stderr
        assert see(lab, "node129", f"test $(stat -c %a {PREFIX}/nginx/sbin/nginx) = 750")
        assert see(lab, "node129", "systemctl is-active openresty && curl -sf -o /dev/null http://192.168.42.129/entry")
    finally:
        lab.capture("node129", ["sh", "-c", AS_BEFORE])


@pytest.mark.parametrize("name", [p for p in ON_A_NODE if p.values[0] not in ("stop-nacos", "return-of-master")])
def test_strangers_survive_the_fault_and_its_undo(finished: Finished, site: OpenSite, name: str) -> None:
    lab = finished.site.lab
    assert lab.capture("node129", ["sh", "-c", STRANGERS]) == (0, "", "")
    try:
        before = lab.capture("node129", ["sh", "-c", STRANGERS_NOW])
        injected = finished.site.runbook("fault", "inject", name)
        assert injected.returncode == 0, injected.stderr
        assert finished.site.runbook("fault", "recover").returncode == 0
        assert lab.capture("node129", ["sh", "-c", STRANGERS_NOW]) == before
        assert before[1].count("ActiveState=active") == 2
    finally:
        lab.capture("node129", ["sh", "-c", NO_STRANGERS])


def test_a_table_of_somebody_elses_is_neither_used_nor_removed(finished: Finished, site: OpenSite) -> None:
    lab = finished.site.lab
    lab.capture("node129", ["nft", "add", "table", "ip", "runbook_fault"])
    try:
        refused = finished.site.runbook("fault", "inject", "block-vrrp-one-side")
        assert refused.stderr == (
            "runbook: node129 has no nft, or has a table 'ip runbook_fault' already, so block-vrrp-one-side can't be "
            "injected. Change that, or choose another fault: runbook fault list -f FILE\n"
        )
        assert finished.site.runbook("fault", "recover").stdout == "nothing to undo\n"
        assert none_left(site).observe().observed == "none"
        assert see(lab, "node129", "nft list table ip runbook_fault")
    finally:
        lab.capture("node129", ["nft", "delete", "table", "ip", "runbook_fault"])


def answers(lab: Lab, machine: str) -> bool:
    try:
        return lab.capture(machine, ["true"])[0] == 0
    except LabError:
        return False
