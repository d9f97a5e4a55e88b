"""Power, cables, commands and journals of the machines of one lab."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from runbook_lib.errors import LabError
from runbook_lib.lab import Lab
from runbook_lib.lab.topology import MACHINES, NAMES

pytestmark = pytest.mark.lab


def runbook(lab: Lab, *arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command, *rest = arguments
    argv = [sys.executable, "-m", "runbook_lib", "lab", command, "--name", lab.name, *rest]
    return subprocess.run(argv, input=stdin, capture_output=True, timeout=60, check=False)


def boot_id(lab: Lab, machine: str) -> str:
    return lab.capture(machine, ["cat", "/proc/sys/kernel/random/boot_id"])[1]


def carrier(lab: Lab, machine: str) -> str:
    return lab.capture(machine, ["cat", "/sys/class/net/ens33/carrier"])[1].strip()


def wait_until(true: Callable[[], bool], within_s: float = 90.0) -> None:
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.05)


def test_every_machine_is_what_the_topology_says(lab_without_nacos: Lab) -> None:
    for machine in MACHINES:
        _, shown, _ = lab_without_nacos.capture(
            machine.name, ["sh", "-c", "hostname; ip -o -4 addr show ens33; ip link"]
        )
        assert shown.startswith(f"{machine.name}\n")
        assert f" {machine.address}/24 " in shown
        assert machine.mac in shown


def test_machines_have_keys_and_ids_of_their_own(lab_without_nacos: Lab) -> None:
    ids = {lab_without_nacos.capture(name, ["cat", "/etc/machine-id"])[1] for name in NAMES}
    keys = {lab_without_nacos.host_key(name) for name in NAMES}
    assert len(ids) == len(keys) == len(NAMES)


def test_exec_gives_streams_and_status_of_the_command(lab_without_nacos: Lab) -> None:
    done = runbook(
        lab_without_nacos, "exec", "node128", "--", "sh", "-c", "cat; echo err >&2; exit 7", stdin=b"in\0put"
    )
    assert (done.returncode, done.stdout, done.stderr) == (7, b"in\0put", b"err\n")


def test_exec_passes_options_of_the_command_untouched(lab_without_nacos: Lab) -> None:
    done = runbook(lab_without_nacos, "exec", "node128", "--", "printf", "%s|", "--name", "a b", "")
    assert done.stdout == b"--name|a b||"


def test_exec_has_no_more_rights_than_the_machine(lab_without_nacos: Lab) -> None:
    read = "grep CapBnd /proc/self/status /proc/1/status | sort -u -t: -k2"
    shown = lab_without_nacos.capture("node128", ["sh", "-c", read])[1]
    assert len(shown.splitlines()) == 1


def test_a_command_whose_caller_left_is_killed(lab_without_nacos: Lab) -> None:
    argv = [sys.executable, "-m", "runbook_lib", "lab", "exec", "--name", lab_without_nacos.name, "client"]
    with subprocess.Popen([*argv, "sleep", "987"]) as caller:
        running = ["pgrep", "-f", "^sleep 987"]
        wait_until(lambda: lab_without_nacos.capture("client", running)[0] == 0)
        caller.kill()
    wait_until(lambda: lab_without_nacos.capture("client", running)[0] == 1)


def test_ssh_answers_with_the_pinned_key(lab_without_nacos: Lab) -> None:
    done = runbook(lab_without_nacos, "ssh", "observer", stdin=b"hostname\n")
    assert (done.returncode, done.stdout) == (0, b"observer\n")


def test_without_its_cable_a_machine_still_answers_ssh_and_exec(lab_without_nacos: Lab) -> None:
    lab_without_nacos.unplug("node129")
    try:
        assert not lab_without_nacos.status().machines["node129"].plugged
        assert carrier(lab_without_nacos, "node129") == "0"
        assert lab_without_nacos.capture("client", ["ping", "-c1", "-W1", "192.168.42.129"])[0] == 1
        assert runbook(lab_without_nacos, "ssh", "node129", "--", "hostname", "-s").stdout == b"node129\n"
    finally:
        lab_without_nacos.plug("node129")
    wait_until(lambda: lab_without_nacos.capture("client", ["ping", "-c1", "-W2", "192.168.42.129"])[0] == 0)


def test_power_off_is_at_once_and_the_disk_stays(lab_without_nacos: Lab) -> None:
    before = boot_id(lab_without_nacos, "node129")
    lab_without_nacos.capture(
        "node129", ["sh", "-c", "echo kept > /root/kept; ip addr add 192.168.42.130/24 dev ens33"]
    )
    lab_without_nacos.power_off("node129")
    assert lab_without_nacos.status().machines["node129"].state == "off"
    assert lab_without_nacos.capture("client", ["ping", "-c1", "-W1", "192.168.42.130"])[0] == 1
    lab_without_nacos.power_on("node129")
    lab_without_nacos.wait_ssh("node129")
    assert lab_without_nacos.capture("node129", ["cat", "/root/kept"])[1] == "kept\n"
    assert boot_id(lab_without_nacos, "node129") != before
    assert "192.168.42.130" not in lab_without_nacos.capture("node129", ["ip", "-o", "addr"])[1]


def test_the_journal_of_a_machine_that_is_off_can_be_read(lab_without_nacos: Lab) -> None:
    lab_without_nacos.capture("observer", ["sh", "-c", "logger -t marked before-the-end; journalctl --sync"])
    lab_without_nacos.power_off("observer")
    try:
        journal = runbook(lab_without_nacos, "logs", "observer")
        refused = [runbook(lab_without_nacos, *asked) for asked in (("exec", "observer", "true"), ("ssh", "observer"))]
    finally:
        lab_without_nacos.power_on("observer")
        lab_without_nacos.wait_ssh("observer")
    assert journal.returncode == 0
    assert b"before-the-end" in journal.stdout
    cure = f"runbook lab power-on observer --name {lab_without_nacos.name}"
    said = [(each.returncode, each.stderr.decode()) for each in refused]
    assert said == [(2, f"runbook: observer is off. Power it on: {cure}\n")] * 2


def test_an_ssh_connection_to_a_machine_that_is_off_ends_at_once(lab_without_nacos: Lab) -> None:
    lab_without_nacos.power_off("observer")
    try:
        with socket.create_connection(("127.0.0.1", lab_without_nacos.ssh_port("observer")), timeout=5) as connection:
            assert connection.recv(100) == b""
    finally:
        lab_without_nacos.power_on("observer")
        lab_without_nacos.wait_ssh("observer")


def test_a_reboot_from_outside_and_one_from_inside_boot_again(lab_without_nacos: Lab) -> None:
    ids = [boot_id(lab_without_nacos, "client")]
    lab_without_nacos.reboot("client")
    lab_without_nacos.wait_ssh("client")
    ids.append(boot_id(lab_without_nacos, "client"))
    lab_without_nacos.capture("client", ["systemctl", "--no-block", "reboot"])
    wait_until(lambda: lab_without_nacos.status().machines["client"].state != "running")
    lab_without_nacos.wait_ssh("client")
    ids.append(boot_id(lab_without_nacos, "client"))
    assert len(set(ids)) == 3


def test_a_command_does_not_hold_up_a_reboot(lab_without_nacos: Lab) -> None:
    argv = [sys.executable, "-m", "runbook_lib", "lab", "exec", "--name", lab_without_nacos.name, "client"]
    with subprocess.Popen([*argv, "sleep", "987"], stderr=subprocess.DEVNULL) as caller:
        wait_until(lambda: lab_without_nacos.capture("client", ["pgrep", "-f", "^sleep 987"])[0] == 0)
        start = time.monotonic()
        lab_without_nacos.reboot("client")
        assert time.monotonic() - start < 60
        assert caller.wait(10) != 0
    lab_without_nacos.wait_ssh("client")


def test_a_poweroff_from_inside_lasts_until_power_on_later(lab_without_nacos: Lab) -> None:
    before = boot_id(lab_without_nacos, "client")
    lab_without_nacos.power_on_later("client", after_s=5.0)
    lab_without_nacos.capture("client", ["systemctl", "--no-block", "poweroff"])
    wait_until(lambda: lab_without_nacos.status().machines["client"].state == "off")
    lab_without_nacos.wait_ssh("client")
    assert boot_id(lab_without_nacos, "client") != before


def test_expiries_undo_power_off_and_unplug(lab_without_nacos: Lab) -> None:
    lab_without_nacos.unplug("node128", expires_s=5)
    assert carrier(lab_without_nacos, "node128") == "0"
    wait_until(lambda: carrier(lab_without_nacos, "node128") == "1")
    lab_without_nacos.power_off("node128", expires_s=0.5)
    lab_without_nacos.wait_ssh("node128")


def test_power_on_cancels_an_expiry(lab_without_nacos: Lab) -> None:
    lab_without_nacos.power_off("observer", expires_s=1.0)
    lab_without_nacos.power_on("observer")
    lab_without_nacos.power_off("observer")
    time.sleep(1.5)  # not for luck: the expiry that must not come would have come by now
    assert lab_without_nacos.status().machines["observer"].state == "off"
    lab_without_nacos.power_on("observer")
    lab_without_nacos.wait_ssh("observer")


def test_up_again_powers_on_and_plugs_in(lab_without_nacos: Lab) -> None:
    assert runbook(lab_without_nacos, "power-off", "observer").returncode == 0
    assert runbook(lab_without_nacos, "unplug", "client").returncode == 0
    assert runbook(lab_without_nacos, "up", "--no-nacos").returncode == 0
    states = {(machine.state, machine.plugged) for machine in lab_without_nacos.status().machines.values()}
    assert states == {("running", True)}


def test_http_of_the_vip_is_asked_for_from_the_client(lab_without_nacos: Lab) -> None:
    serve = "ip addr add 192.168.42.130/24 dev ens33; cd /etc; exec python3 -m http.server 80 --bind 192.168.42.130"
    with subprocess.Popen(
        [
            sys.executable,
            "-m",
            "runbook_lib",
            "lab",
            "exec",
            "--name",
            lab_without_nacos.name,
            "node129",
            "--",
            "sh",
            "-c",
            serve,
        ],
        stderr=subprocess.DEVNULL,
    ) as server:
        try:
            lab_without_nacos.capture("node129", ["systemctl", "stop", "firewalld"])
            port = lab_without_nacos.status().vip_http_port
            fetch = ["curl", "-s", "--max-time", "3", f"http://127.0.0.1:{port}/hostname"]
            wait_until(lambda: subprocess.run(fetch, capture_output=True, check=False).stdout == b"node129\n")
        finally:
            server.kill()
            lab_without_nacos.power_off("node129")
            lab_without_nacos.power_on("node129")
            lab_without_nacos.wait_ssh("node129")


def test_an_unknown_machine_is_named_with_the_known_ones(lab_without_nacos: Lab) -> None:
    with pytest.raises(LabError) as refused:
        lab_without_nacos.capture("node127", ["true"])
    assert str(refused.value) == (
        f"Lab '{lab_without_nacos.name}' has no machine 'node127'. Its machines: node128, node129, observer, client."
    )


def test_the_users_folder_is_closed_to_others(lab_without_nacos: Lab) -> None:
    access = Path("/var/lib/runbook/labs", lab_without_nacos.name, "access")
    assert access.stat().st_mode & 0o777 == 0o700
    assert (access / "id_ed25519").stat().st_mode & 0o777 == 0o600
