"""Each fault on a real pair: it takes effect, it is undone, also by its expiry when the controller was killed.

What is looked at here goes past SSH and past the probes of the faults themselves.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from chapter_run import Finished
from fault_images import HELD, SPLIT, boot_id, is_on, is_undone, see, steady_pair, wait_until

from runbook_lib.failover.faults.catalogue import FAULTS
from runbook_lib.failover.trials.waiting import wait_for_nodes
from runbook_lib.hosts import OpenSite
from runbook_lib.hosts.host_keys import parse_key
from runbook_lib.journal import Journal
from runbook_lib.lab import Lab
from runbook_lib.notebook.one_run import only_run
from runbook_lib.notebook.open_site import open_model
from runbook_lib.site import Node, parse_site

pytestmark = [pytest.mark.lab, pytest.mark.timeout(600)]

ONE_OF_EACH_CLASS = {"kill-keepalived", "freeze-openresty", "block-vrrp-one-side", "power-off-master", "unplug-master"}
"""Process, freeze, network, power, cable: the others are slow together."""
EXPIRE_IN_EACH_WAY = {"kill-keepalived", "power-off-master", "unplug-master"}
"""By the node, by the supervisor's power, by its cables."""
EVERY = [pytest.param(name, marks=[] if name in ONE_OF_EACH_CLASS else pytest.mark.slow) for name in FAULTS]
KILLED = [pytest.param(name, marks=[] if name in EXPIRE_IN_EACH_WAY else pytest.mark.slow) for name in FAULTS]
PASSING = {name for name, fault in FAULTS.items() if fault.passes}

EXPIRES_S = 15.0
UNDONE_WITHIN_S = 90.0
"""What the undo itself may take: systemd waits for a daemon to end, three JVMs start, a machine boots."""


@pytest.fixture
def site(finished: Finished) -> Iterator[OpenSite]:
    with steady_pair(finished) as opened:
        yield opened


@pytest.mark.parametrize("name", EVERY)
def test_a_fault_takes_effect_and_is_undone(finished: Finished, site: OpenSite, name: str) -> None:
    lab, booted = finished.site.lab, boot_id(finished.site.lab)
    injected = finished.site.runbook("fault", "inject", name)
    assert injected.returncode == 0, injected.stderr
    assert injected.stdout.splitlines()[-1] == f"Not simulated: {FAULTS[name].not_simulated}"
    if name in PASSING:
        assert is_undone(lab, name)
        assert (boot_id(lab) == booted) == (name != "reboot-master")
    else:
        assert is_on(lab, name)
    if name in SPLIT:
        wait_until(lambda: see(lab, "node128", HELD) and see(lab, "node129", HELD), 15, "one holder only")
    recovered = finished.site.runbook("fault", "recover")
    assert recovered.returncode == 0, recovered.stderr
    assert (recovered.stdout == "nothing to undo\n") == (name in PASSING)
    assert is_undone(lab, name)
    wait_for_nodes(site)


@pytest.mark.parametrize("name", KILLED)
@pytest.mark.usefixtures("site")
def test_a_fault_whose_controller_was_killed_expires(finished: Finished, name: str) -> None:
    lab, booted = finished.site.lab, boot_id(finished.site.lab)
    controller = Path(__file__).with_name("killed_controller.py")
    with subprocess.Popen(
        [sys.executable, controller, lab.name, name, str(EXPIRES_S)], stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        said = running.stdout.readline()
        running.kill()
    begun = time.monotonic()
    assert said == "applied\n"
    if name not in PASSING:
        wait_until(lambda: is_on(lab, name), EXPIRES_S - 5, "it is not on")
    if name == "reboot-master":
        wait_until(lambda: boot_id(lab) not in ("", booted), EXPIRES_S + UNDONE_WITHIN_S, "it has not booted")
    wait_until(lambda: is_undone(lab, name), EXPIRES_S + UNDONE_WITHIN_S, "it has not expired")
    print(f"{name}: undone {time.monotonic() - begun:.1f} s after the kill")
    wait_for_nodes(open_model(parse_site({"lab": {"name": lab.name}}), Journal(None), Path()))


def test_every_undo_is_safe_where_nothing_is_wrong(finished: Finished, site: OpenSite) -> None:
    lab, pid = finished.site.lab, "systemctl show -p MainPID keepalived"
    before = lab.capture("node129", ["sh", "-c", pid])
    for fault in (fault for fault in FAULTS.values() if not fault.by_lab):
        machine, commands = "node128" if fault.hits == "nacos" else "node129", fault.commands(site.model)
        assert lab.capture(machine, ["sh", "-ec", commands.undo]) == (0, "", ""), fault.name
        assert see(lab, machine, commands.confirm), fault.name
    assert lab.capture("node129", ["sh", "-c", pid]) == before
    assert see(lab, "node129", HELD)


def test_a_second_fault_waits_for_the_first_ones_end(finished: Finished, site: OpenSite) -> None:
    assert finished.site.runbook("fault", "inject", "unplug-master").returncode == 0
    second = finished.site.runbook("fault", "inject", "stop-keepalived")
    assert (second.returncode, second.stdout) == (2, "")
    assert second.stderr == (
        "runbook: A fault is on already: node129 has no cable. Undo it first: runbook fault recover -f FILE\n"
    )
    assert finished.site.runbook("fault", "recover").stdout == "node129: plugged in\n"
    assert finished.site.runbook("fault", "recover").stdout == "nothing to undo\n"
    wait_for_nodes(site)
    assert finished.site.runbook("fault", "inject", "freeze-keepalived", "--expire", "120").returncode == 0
    second = finished.site.runbook("fault", "inject", "stop-keepalived")
    assert second.stderr == (
        "runbook: A fault is on already: freeze-keepalived is active on node129. "
        "Undo it first: runbook fault recover -f FILE\n"
    )


def test_while_a_run_is_there_nothing_is_injected_or_undone(finished: Finished, site: OpenSite) -> None:
    with only_run(site.model, "the test"):
        for arguments in (("inject", "stop-keepalived"), ("recover",)):
            refused = finished.site.runbook("fault", *arguments)
            assert refused.returncode == 2
            assert refused.stderr == (
                "runbook: Another run is at this site: the test. Wait for its end, or interrupt it.\n"
            )
    assert see(finished.site.lab, "node129", "pgrep -x keepalived")


def test_without_a_holder_no_fault_is_injected(finished: Finished, site: OpenSite) -> None:
    for host in site.nodes:
        host.run("systemctl stop keepalived").check()
    try:
        refused = finished.site.runbook("fault", "inject", "stop-openresty")
    finally:
        for host in site.nodes:
            host.run("systemctl start keepalived").check()
    assert (refused.returncode, refused.stderr) == (
        2,
        "runbook: A fault hits the node that holds the VIP, which is nobody now. See why: runbook check -f FILE\n",
    )
    wait_for_nodes(site)


def test_over_plain_ssh_what_needs_no_lab_is_injected_and_undone(finished: Finished, site: OpenSite) -> None:
    lab = finished.site.lab
    file = finished.site.folder / "ssh.yaml"
    file.write_text(render_ssh_site(lab, site))
    refused = runbook("fault", "inject", "unplug-master", "-f", str(file))
    assert (refused.returncode, refused.stderr) == (
        2,
        "runbook: unplug-master is refused: unplug-master needs a hand at the cable to plug it in again, and "
        "substrate ssh has none. Say otherwise in the parameter file, or by -p; "
        "what this site can undo: runbook fault list -f FILE\n",
    )
    injected = runbook("fault", "inject", "freeze-keepalived", "-f", str(file))
    assert injected.returncode == 0, injected.stderr
    assert is_on(lab, "freeze-keepalived")
    assert runbook("fault", "recover", "-f", str(file)).returncode == 0
    assert is_undone(lab, "freeze-keepalived")


def runbook(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "runbook_lib", *arguments], capture_output=True, text=True, check=False
    )


def render_ssh_site(lab: Lab, site: OpenSite) -> str:
    """The lab's pair as machines that are reached over SSH."""

    def node(node: Node) -> str:
        endpoint = lab.endpoint(node.name)
        key = parse_key(endpoint.host_key or "")
        assert key is not None
        ssh = (
            f"{{address: 127.0.0.1, port: {endpoint.port}, key_file: '{endpoint.key_file}', "
            f"fingerprint: '{key.fingerprint}'}}"
        )
        return f"{{name: {node.name}, address: {node.address}, priority: {node.priority}, ssh: {ssh}}}"

    nodes = site.model.nodes
    return (
        "site:\n  substrate: ssh\n  disruption: faults\n  observer: none\n  observer_machine: null\n"
        f"  client_machine: null\n  nodes:\n    master: {node(nodes.master)}\n    backup: {node(nodes.backup)}\n"
    )
