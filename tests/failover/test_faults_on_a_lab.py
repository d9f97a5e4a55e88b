"""Each fault on a real pair: it takes effect, it is undone, also by its expiry when the controller was killed.

What is looked at here goes past SSH and past the probes of the faults themselves.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from chapter_run import Finished

from runbook_lib.errors import LabError
from runbook_lib.failover.faults.catalogue import FAULTS
from runbook_lib.failover.faults.node_record import FOLDER
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

HELD = "ip -4 -o addr show | grep -qF ' 192.168.42.130/'"
GONE = "! pgrep -x keepalived"
SILENT = "! curl -s -m 1 -o /dev/null http://192.168.42.129/entry"
IMAGE = {
    "openresty-cannot-start": ("node129", f"test ! -x /usr/local/openresty/bin/openresty && {SILENT}"),
    "freeze-openresty": ("node129", f"ss -Hlt 'sport = :80' | grep -q . && {SILENT}"),
    "stop-keepalived": ("node129", f"{GONE} && ! {HELD}"),
    "kill-keepalived-parent": ("node129", f"{GONE} && ! {HELD}"),
    "kill-keepalived": ("node129", f"{GONE} && {HELD}"),
    "freeze-keepalived": ("node129", f"test $(ps -o stat= -C keepalived | grep -c T) = 2 && {HELD}"),
    "block-vrrp-one-side": ("node129", "nft list ruleset | grep -c 'protocol vrrp counter.*drop' | grep -qx 2"),
    "block-vrrp-both": ("node128", "nft list ruleset | grep -c 'protocol vrrp counter.*drop' | grep -qx 2"),
    "vrrp-loss": ("node129", "nft list ruleset | grep -c 'numgen random mod 100 < 30' | grep -qx 2"),
    "stop-nacos": ("node128", "! pgrep -x java"),
}
"""What each fault looks like on a machine: the probe ends with 0."""
SPLIT = {"kill-keepalived", "freeze-keepalived", "block-vrrp-one-side", "block-vrrp-both"}
"""Both nodes hold the VIP."""


@pytest.fixture
def site(finished: Finished) -> Iterator[OpenSite]:
    """The pair in steady state; whatever a test leaves is undone."""
    lab = finished.site.lab
    opened = open_model(parse_site({"lab": {"name": lab.name}}), Journal(None), Path())
    wait_for_nodes(opened)
    yield opened
    finished.site.runbook("fault", "recover")
    wait_for_nodes(opened)


def see(lab: Lab, machine: str, probe: str) -> bool:
    return lab.capture(machine, ["sh", "-c", probe])[0] == 0


def wait_until(true: Callable[[], bool], within_s: float, what: str) -> None:
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


def is_on(lab: Lab, name: str) -> bool:
    """Whether the fault can be seen."""
    machine = lab.status().machines["node129"]
    if name == "unplug-master":
        return not machine.plugged
    if name in ("power-off-master", "shutdown-master"):
        return machine.state == "off"
    return see(lab, *IMAGE[name])


def is_undone(lab: Lab, name: str) -> bool:
    """Whether its machines are there again, remember no fault, and show none."""
    machines = lab.status().machines
    if any(machines[node].state != "running" or not machines[node].plugged for node in ("node128", "node129")):
        return False
    if not all(see(lab, node, f"! ls -A {FOLDER} | grep -q .") for node in ("node128", "node129")):
        return False
    return name not in IMAGE or not see(lab, *IMAGE[name])


def boot_id(lab: Lab) -> str:
    """Of node129; empty while it is off."""
    try:
        return lab.capture("node129", ["cat", "/proc/sys/kernel/random/boot_id"])[1]
    except LabError:
        return ""


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
