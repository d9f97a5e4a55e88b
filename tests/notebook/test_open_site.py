"""From parameters to hosts: which secrets are wanted, and which lab."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from runbook_lib import lab
from runbook_lib.errors import LabError, ParameterError
from runbook_lib.hosts import Endpoint, OpenSite
from runbook_lib.journal import Journal, read_journal
from runbook_lib.journal.events import Noted
from runbook_lib.lab import LabStatus, MachineStatus
from runbook_lib.notebook import kernel
from runbook_lib.notebook.open_site import open_model, open_site
from runbook_lib.site import Site, parse_site

ADDRESSES = {
    "node129": "192.168.42.129", "node128": "192.168.42.128", "observer": "192.168.42.131", "client": "192.168.42.132",
}  # fmt: skip
ALONE = {"observer": "none", "client_machine": None}


@dataclass(frozen=True)
class FakeLab:
    """A lab that runs, as far as opening a site looks at it."""

    name: str = "chapter"
    release: str = "bookworm"
    addresses: Mapping[str, str] = field(default_factory=lambda: ADDRESSES)

    def status(self) -> LabStatus:
        machines = {name: MachineStatus("running", address, 2222, True) for name, address in self.addresses.items()}
        return LabStatus(self.name, "running", machines)

    def ssh_port(self, machine: str) -> int:
        return self.status().machines[machine].ssh_port

    def endpoint(self, machine: str) -> Endpoint:
        return Endpoint(machine, "127.0.0.1", 2222)


def ssh(**settings: Any) -> dict[str, Any]:
    """A site of two real machines, the MASTER reached so."""
    master = {"name": "node129", "address": "192.168.42.129", "priority": 100, "ssh": settings}
    return {"substrate": "ssh", "nodes": {"master": master}, **ALONE}


def opened(values: Mapping[str, Any]) -> OpenSite:
    return open_model(parse_site(dict(values)), Journal(None), Path())


def refusal(values: Mapping[str, Any]) -> str:
    with pytest.raises((ParameterError, LabError)) as caught:
        opened(values)
    return str(caught.value)


def test_real_machines_are_hosts_before_any_of_them_is_asked() -> None:
    watch = {"name": "watch", "address": "192.168.42.7"}
    site = opened({"substrate": "ssh", "observer_machine": watch})
    assert list(site.hosts) == ["node129", "node128", "watch"]
    assert [host.name for host in site.nodes] == ["node129", "node128"]


@pytest.mark.parametrize("parameter", ["password_env", "sudo_password_env"])
def test_a_secret_that_is_not_set(parameter: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NODE_SECRET", raising=False)
    assert refusal(ssh(**{parameter: "NODE_SECRET"})) == (
        f"node129: ssh.{parameter} names the environment variable NODE_SECRET, which is not set. "
        "Set it before you start: read -rs NODE_SECRET && export NODE_SECRET"
    )


@pytest.mark.parametrize("parameter", ["password_env", "sudo_password_env"])
def test_a_secret_that_is_set(parameter: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NODE_SECRET", "hunter2")
    assert opened(ssh(**{parameter: "NODE_SECRET"})).master.name == "node129"


def test_a_secret_too_short_to_be_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NODE_SECRET", "abc")
    assert refusal(ssh(password_env="NODE_SECRET")) == (
        "node129: the password in NODE_SECRET has fewer than 4 characters. "
        "Masking it would mask half of every record: give the user a longer one."
    )


def test_a_machine_is_reached_as_its_parameters_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGIN", "hunter2")
    monkeypatch.setenv("SUDO", "hunter3")
    fingerprint = f"SHA256:{'a' * 43}"
    settings = {
        "address": "10.0.0.9", "port": 2222, "user": "ops", "key_file": "/keys/k", "password_env": "LOGIN",
        "fingerprint": fingerprint, "sudo": True, "sudo_password_env": "SUDO",
    }  # fmt: skip
    endpoint = opened(ssh(**settings)).master._find()
    assert (endpoint.host, endpoint.port, endpoint.user) == ("10.0.0.9", 2222, "ops")
    assert (endpoint.key_file, endpoint.fingerprint, endpoint.sudo) == (Path("/keys/k"), fingerprint, True)
    assert endpoint.password is not None
    assert endpoint.sudo_password is not None
    assert (endpoint.password.reveal(), endpoint.sudo_password.reveal()) == ("hunter2", "hunter3")


def test_a_machine_without_any_setting_is_reached_at_its_address() -> None:
    assert opened(ssh()).master._find() == Endpoint("node129", "192.168.42.129", 22, "root")


def test_a_lab_that_is_not_running() -> None:
    values = {"lab": {"name": "nobody-started-this"}}
    assert refusal(values) == (
        "Lab 'nobody-started-this' is not running. Start it: runbook lab up --name nobody-started-this"
    )


def test_the_lab_of_the_parameters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab, "find", FakeLab)
    site = opened({"lab": {"name": "mine"}})
    assert list(site.hosts) == ["node129", "node128", "observer", "client"]
    assert site.master._find() == Endpoint("node129", "127.0.0.1", 2222)


def test_a_lab_of_another_release(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab, "find", FakeLab)
    assert refusal({"lab": {"name": "mine", "release": "trixie"}}) == (
        "Lab 'mine' runs bookworm, the parameters say lab.release: trixie. "
        "runbook lab down --name mine; runbook lab up --name mine --release trixie"
    )


def test_a_lab_with_other_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab, "find", FakeLab)
    moved = {"name": "observer", "address": "192.168.42.133"}
    assert refusal({"observer_machine": moved}) == (
        "observer is 192.168.42.131 in the lab, the parameters say 192.168.42.133. "
        "The lab's addresses are the chapter's (table 4.2): leave them out of the parameters."
    )


def test_a_notebooks_site_is_the_kernels_and_its_journal_lies_in_the_bundle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernel, "_open", [])
    for name, value in {"BUNDLE": str(tmp_path), "RUN_ID": "1a2b", "NOTEBOOK": "05-write-configuration"}.items():
        monkeypatch.setenv(f"RUNBOOK_{name}", value)
    site = open_site({"substrate": "ssh"})
    site.journal.write(Noted("here"))
    (record,) = read_journal(tmp_path / "journal.jsonl")
    assert record.context == {"run_id": "1a2b", "notebook": "05-write-configuration"}
    assert (site.folder, kernel.current_site()) == (tmp_path, site)
    assert site.model == Site(substrate="ssh")
