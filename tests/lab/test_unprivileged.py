"""What another local user gets of a running lab, and of a run: nothing but the VIP's HTTP, which is for everybody."""

from __future__ import annotations

import os
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from stranger import NOBODY, PYTHON, as_nobody, connect_as_nobody, readable_by_nobody, zmq_type_as_nobody
from traces import as_root

from runbook_lib import lab
from runbook_lib.errors import LabError
from runbook_lib.lab import Lab
from runbook_lib.lab.folder import LABS, LabFolder
from runbook_lib.lab.topology import INTERFACE, NAMES, VIP
from runbook_lib.notebook.kernels import Kernel

pytestmark = pytest.mark.lab

SECRET = "a-password-from-the-environment"
KEY_ONLY = (
    "-F", "none", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
    "-o", "IdentitiesOnly=yes", "-o", "ConnectTimeout=10", "-o", "LogLevel=ERROR",
)  # fmt: skip
PUBLIC = {"", "lab.json"}
"""Of a lab's folder: its name and whose it is, so that others can be told."""


def folder_of(made: Lab) -> LabFolder:
    return LabFolder(made.name)


def ssh_as_nobody(port: int, *options: str) -> tuple[int, str]:
    ran = as_nobody("ssh", *KEY_ONLY, *options, "-p", str(port), "root@127.0.0.1", "id")
    return ran.returncode, ran.stdout + ran.stderr


def test_of_a_labs_folder_only_its_record_can_be_read(lab_without_nacos: Lab) -> None:
    folder = folder_of(lab_without_nacos)
    assert {"control", "id_ed25519", "known_hosts"} <= set(as_root("ls", str(folder.access)).split())
    assert readable_by_nobody(folder.path) == PUBLIC
    for file in (folder.key, folder.known_hosts, folder.log, folder.machine("node128").console):
        assert as_nobody("cat", str(file)).stderr.endswith("Permission denied\n")


def test_nothing_of_it_can_be_written(lab_without_nacos: Lab) -> None:
    for folder in (LABS.parent, LABS, folder_of(lab_without_nacos).path):
        assert as_nobody("touch", str(folder / "mine")).stderr.endswith("Permission denied\n")
    assert as_nobody("find", str(LABS), "/var/cache/runbook/layers", "-writable", "!", "-type", "l").stdout == ""


def test_the_control_socket_is_out_of_reach(lab_without_nacos: Lab) -> None:
    assert connect_as_nobody(folder_of(lab_without_nacos).socket, "SOCK_SEQPACKET") == "PermissionError"


@contextmanager
def opened_to_all(made: Lab) -> Iterator[Path]:
    """As if the folder's and the socket's modes were wrong."""
    folder = folder_of(made)
    as_root("chmod", "0755", str(folder.access))
    as_root("chmod", "0666", str(folder.socket))
    try:
        yield folder.socket
    finally:
        as_root("chmod", "0755", str(folder.socket))
        as_root("chmod", "0700", str(folder.access))


def test_a_stranger_who_gets_to_the_socket_is_not_answered(lab_without_nacos: Lab) -> None:
    with opened_to_all(lab_without_nacos) as socket:
        assert connect_as_nobody(socket, "SOCK_SEQPACKET") == "hung up"
    assert lab_without_nacos.status().state == "running"


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user within this process, which only root can")
def test_a_stranger_is_told_whose_lab_it_is(lab_without_nacos: Lab) -> None:
    os.seteuid(NOBODY)
    try:
        with pytest.raises(LabError) as refused:
            lab.find(lab_without_nacos.name)
    finally:
        os.seteuid(0)
    assert str(refused.value) == (
        f"Lab {lab_without_nacos.name!r} belongs to another user. Start one of your own with --name."
    )


@pytest.fixture
def foreign_key() -> Iterator[str]:
    """A private key of the stranger's own that no machine knows."""
    folder = as_nobody("mktemp", "-d").stdout.strip()
    as_nobody("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{folder}/key")
    yield f"{folder}/key"
    as_nobody("rm", "-r", folder)


def test_a_port_of_the_relay_opens_nothing_without_the_labs_key(lab_without_nacos: Lab, foreign_key: str) -> None:
    for name in NAMES:
        port = lab_without_nacos.ssh_port(name)
        for options in (("-o", "PubkeyAuthentication=no"), ("-i", foreign_key)):
            status, said = ssh_as_nobody(port, *options)
            assert (status, "Permission denied" in said) == (255, True), said


def test_with_the_key_the_same_command_gets_in(lab_without_nacos: Lab, foreign_key: str) -> None:
    folder = Path(foreign_key).parent  # so that the test above fails for the want of the key, and nothing else
    as_root("install", "-o", str(NOBODY), "-m", "0600", str(folder_of(lab_without_nacos).key), str(folder / "stolen"))
    status, said = ssh_as_nobody(lab_without_nacos.ssh_port("node128"), "-i", str(folder / "stolen"))
    assert (status, said) == (0, "uid=0(root) gid=0(root) groups=0(root)\n")


def test_no_account_of_a_machine_has_a_password(lab_without_nacos: Lab) -> None:
    for name in NAMES:
        with_one = ("awk", "-F:", "$2 !~ /^[!*]/ {print $1}", "/etc/shadow")
        assert lab_without_nacos.capture(name, with_one) == (0, "", "")


def test_the_vips_http_is_for_everybody(lab_without_nacos: Lab) -> None:
    """By design: a browser needs no privilege. Whoever is on this machine gets the VIP's page, and Nacos behind it."""
    port = lab_without_nacos.status().vip_http_port
    page = (f"ip addr add {VIP}/32 dev {INTERFACE}; "
            "systemd-run --quiet --unit=page --collect -p WorkingDirectory=/etc "
            f"python3 -m http.server --bind {VIP} 80")  # fmt: skip
    assert lab_without_nacos.capture("client", ["sh", "-ec", page]) == (0, "", "")
    try:
        wait_page(f"http://127.0.0.1:{port}/hostname")
        get = f"import urllib.request; print(urllib.request.urlopen('http://127.0.0.1:{port}/hostname').read())"
        assert as_nobody(PYTHON, "-c", get).stdout == "b'client\\n'\n"
    finally:
        lab_without_nacos.capture("client", ["systemctl", "stop", "page"])
        lab_without_nacos.capture("client", ["ip", "addr", "del", f"{VIP}/32", "dev", INTERFACE])


def wait_page(address: str, within_s: float = 10) -> None:
    deadline = time.monotonic() + within_s
    while True:
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return
        except OSError:
            assert time.monotonic() < deadline, f"nothing at {address}"
            time.sleep(0.05)


@pytest.fixture
def kernel() -> Iterator[Kernel]:
    """As `runbook run` starts them, with a secret in its environment."""
    started = Kernel({"RUNBOOK_TEST_SECRET": SECRET})
    try:
        yield started
    finally:
        started.close()


def wait_sockets(kernel: Kernel, within_s: float = 30) -> list[Path]:
    folder = Path(kernel.manager.connection_file).parent
    deadline = time.monotonic() + within_s
    while len(found := [path for path in folder.iterdir() if path.is_socket()]) < 5:
        assert time.monotonic() < deadline, f"only {found}"
        time.sleep(0.05)
    return found


def pid_of(kernel: Kernel) -> int:
    pid: int = kernel.manager.provisioner.pid  # type: ignore[union-attr]
    return pid


def test_a_runs_kernel_can_neither_be_read_nor_reached(kernel: Kernel) -> None:
    sockets = wait_sockets(kernel)
    file = Path(kernel.manager.connection_file)
    assert file.stat().st_size > 0
    assert readable_by_nobody(file.parent) == set()
    assert as_nobody("cat", str(file)).stderr.endswith("Permission denied\n")
    assert {connect_as_nobody(socket) for socket in sockets} == {"PermissionError"}


def test_the_one_port_of_a_kernel_hands_nothing_out(kernel: Kernel) -> None:
    """ipykernel takes what subprocesses print on a port, from who knows its 16 random bytes; it never answers there."""
    wait_sockets(kernel)
    pid = pid_of(kernel)
    listening = as_root("ss", "--no-header", "--listening", "--tcp", "--udp", "--processes", "--numeric")
    ports = [line.split()[4].rpartition(":")[2] for line in listening.splitlines() if f"pid={pid}," in line]
    assert [zmq_type_as_nobody(int(port)) for port in ports] in ([], ["PULL"])


def test_a_secret_in_the_environment_stays_there(kernel: Kernel) -> None:
    wait_sockets(kernel)
    pid = pid_of(kernel)
    assert SECRET in as_root("cat", f"/proc/{pid}/environ")
    for process in (pid, os.getpid()):
        assert as_nobody("cat", f"/proc/{process}/environ").stderr.endswith("Permission denied\n")
        assert SECRET not in as_nobody("cat", f"/proc/{process}/cmdline").stdout
