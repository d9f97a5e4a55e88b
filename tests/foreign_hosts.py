"""Machines of a lab made to look like somebody's own: other addresses, interface, port, user; reached over plain SSH.

The run calls nothing of the lab: it is started in the network namespace of `client`, a machine on their segment.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from chapter_run import Bundle

from runbook_lib.artifacts import user_cache
from runbook_lib.chapter.source import keepalived_source
from runbook_lib.lab import Lab
from runbook_lib.site import Site

ENTRIES = {"entry-a": ("node129", "10.77.5.11"), "entry-b": ("observer", "10.77.5.12")}
"""By the name in the site: the lab's machine, and its address."""
NACOS = "10.77.5.20"
"""node128, where the lab's Nacos runs: a machine that the site doesn't name."""
CONTROLLER = "10.77.5.2"
VIP = "10.77.5.100"
PORT = 2222
PASSWORD = "ho\"rse $x'"

ESTRANGE = f"""
ip link set ens33 down; ip link set ens33 name ens192; ip address flush dev ens192
ip address add $1/24 brd + dev ens192; ip link set ens192 up
useradd --create-home --shell /bin/bash op; printf 'op:%s\\n' "$2" | chpasswd
echo 'op ALL=(ALL) ALL' > /etc/sudoers.d/op; chmod 440 /etc/sudoers.d/op
printf 'Port {PORT}\\nPasswordAuthentication yes\\n' > /etc/ssh/sshd_config.d/own.conf
firewall-cmd -q --permanent --add-port={PORT}/tcp; firewall-cmd -q --reload
rm /root/.ssh/authorized_keys; systemctl restart ssh
"""
SITE = """\
site:
  substrate: ssh
  nodes:
    master:
      name: entry-a
      address: 10.77.5.11
      priority: 150
      ssh: {{port: {port}, user: op, password_env: OP, sudo: true, sudo_password_env: OP, fingerprint: "{fingerprint}"}}
    backup:
      name: entry-b
      address: 10.77.5.12
      priority: 120
      ssh: {{port: {port}, user: op, password_env: OP, sudo: true, sudo_password_env: OP}}  # known_hosts decides
  interface: ens192
  vip: {vip}/24
  vrrp: {{instance: ENTRY, router_id: 77, auth_pass: "s3cret"}}
  nacos: {{members: ["{nacos}:8848", "{nacos}:8849", "{nacos}:8850"]}}
  keepalived: {{version: {version}, archive: {archive}}}
  observer: controller
  observer_machine: null
  client_machine: null
"""


@dataclass(frozen=True)
class ForeignSite:
    """Two machines of somebody's own, and `runbook` called from a third on their segment."""

    lab: Lab
    folder: Path
    namespace: Path
    """The network namespace that the run is started in."""

    @property
    def file(self) -> Path:
        return self.folder / "site.yaml"

    def on(self, entry: str, script: str) -> str:
        """What a shell says on one of the two, as its owner would use it: not over SSH. Fails with the script."""
        return said(self.lab, ENTRIES[entry][0], script)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """`runbook COMMAND -f FILE …` in the segment; its user has a known_hosts, and the password in OP."""
        command, *rest = arguments
        root = () if os.geteuid() == 0 else ("sudo", "-n", "-E")
        here = (*root, "nsenter", f"--net={self.namespace}", "env", f"HOME={self.folder}")
        argv = [*here, sys.executable, "-m", "runbook_lib", command, "-f", str(self.file), *rest]
        environment = os.environ | {"OP": PASSWORD, "XDG_CACHE_HOME": str(user_cache().parent)}
        pipe = subprocess.PIPE
        return subprocess.Popen(argv, stdout=pipe, stderr=pipe, text=True, cwd=self.folder, env=environment)

    def runbook(self, *arguments: str) -> tuple[int, str, str]:
        """The same, until it ends: exit status and both streams."""
        running = self.start(*arguments)
        out, err = running.communicate()
        return running.returncode, out, err

    def run(self, *arguments: str, status: int = 0) -> Bundle:
        ended, out, err = self.runbook("run", "--out", str(self.folder / "out"), *arguments)
        assert ended == status, out + err
        return Bundle(Path(out.splitlines()[-1]), ended)

    def verdicts(self) -> dict[str, str]:
        """By check id."""
        return {check["id"]: check["verdict"] for check in json.loads(self.runbook("check", "--json")[1])}


@contextmanager
def foreign_site(lab: Lab, folder: Path) -> Iterator[ForeignSite]:
    """Two machines of the lab as somebody's own. They stay as they are: take the lab down after it."""
    for machine, address in ENTRIES.values():
        said(lab, machine, ESTRANGE, address, PASSWORD)
    said(lab, "node128", f"ip address add {NACOS}/24 brd + dev ens33; firewall-cmd -q --add-port=8848-8850/tcp")
    said(lab, "client", f"ip address add {CONTROLLER}/24 brd + dev ens33")
    fingerprint = said(lab, "node129", "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub").split()[1]
    source = keepalived_source(Site())
    text = SITE.format(
        port=PORT, fingerprint=fingerprint, vip=VIP, nacos=NACOS, version=source.version, archive=source.path
    )
    (folder / "site.yaml").write_text(text)
    (folder / ".ssh").mkdir()
    key = said(lab, "observer", "cut -d' ' -f1-2 /etc/ssh/ssh_host_ed25519_key.pub")
    (folder / ".ssh" / "known_hosts").write_text(f"[{ENTRIES['entry-b'][1]}]:{PORT} {key}")
    with _process_on(lab, "client") as pid:
        yield ForeignSite(lab, folder, Path(f"/proc/{pid}/ns/net"))


def said(lab: Lab, machine: str, script: str, *values: str) -> str:
    status, out, err = lab.capture(machine, ("sh", "-ec", script, "sh", *values))
    assert status == 0, f"{machine}: {script}\n{out}{err}"
    return out


@contextmanager
def _process_on(lab: Lab, machine: str) -> Iterator[int]:
    """A process that runs there and does nothing: its number here, where its namespaces can be entered."""
    words = f"sleep 86399.{os.getpid()}"
    argv = (sys.executable, "-m", "runbook_lib", "lab", "exec", machine, "--name", lab.name, "--", *words.split())
    with subprocess.Popen(argv) as running:
        try:
            yield _found(words)
        finally:
            running.terminate()


def _found(words: str) -> int:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        listed = subprocess.run(("pgrep", "-xf", words), capture_output=True, text=True, check=False).stdout.split()
        if listed:
            return int(listed[0])
        time.sleep(0.1)
    raise AssertionError(f"{words} did not start")
