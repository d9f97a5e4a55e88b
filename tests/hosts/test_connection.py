from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import paramiko
import pytest
from ssh_server import PASSWORD, SshServer, server

from runbook_lib.errors import HostKeyError, UnreachableError
from runbook_lib.hosts import Endpoint, host_keys
from runbook_lib.hosts.connection import Session
from runbook_lib.outward import Secret

__all__ = ["server"]
ON = "See whether it is on and its sshd runs."


@pytest.fixture
def unused_port() -> Iterator[int]:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening: nobody else gets it
        yield taken.getsockname()[1]


@pytest.fixture(autouse=True)
def _nobody_elses_keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    monkeypatch.setattr(host_keys, "KNOWN_HOSTS", (tmp_path / "known_hosts",))


def refusal(endpoint: Endpoint) -> str:
    with pytest.raises(UnreachableError) as caught:
        Session(endpoint)
    return str(caught.value)


def _take_and_close(relay: socket.socket) -> None:
    relay.accept()[0].close()


def where(endpoint: Endpoint) -> str:
    return f"node128 (127.0.0.1 port {endpoint.port})"


def opens(endpoint: Endpoint) -> bool:
    session = Session(endpoint)
    try:
        return session.is_alive
    finally:
        session.close()


def test_a_key_file_with_a_pinned_host_key(server: SshServer) -> None:
    assert opens(server.endpoint)


def test_a_password_with_a_fingerprint(server: SshServer) -> None:
    fingerprint = server.host_key.fingerprint
    endpoint = replace(server.endpoint, host_key=None, key_file=None, fingerprint=fingerprint)
    assert opens(replace(endpoint, password=Secret(PASSWORD)))


@pytest.mark.parametrize("name", ["[127.0.0.1]:{port}", "127.0.0.1"])
def test_a_host_key_of_known_hosts(server: SshServer, tmp_path: Path, name: str) -> None:
    key = server.endpoint.host_key
    (tmp_path / "known_hosts").write_text(f"{name.format(port=server.port)} {key}\n")
    assert opens(replace(server.endpoint, host_key=None))


def test_the_host_key_of_the_known_kind_is_asked_for(server: SshServer, tmp_path: Path) -> None:
    rsa = paramiko.RSAKey.generate(2048)
    server.more_host_keys.append(rsa)
    (tmp_path / "known_hosts").write_text(f"127.0.0.1 ssh-rsa {rsa.get_base64()}\n")
    assert opens(replace(server.endpoint, host_key=None))


def test_a_wrong_host_key(server: SshServer) -> None:
    endpoint = replace(server.endpoint, host_key=None, fingerprint="SHA256:" + "A" * 43)
    with pytest.raises(HostKeyError) as caught:
        Session(endpoint)
    assert str(server.host_key) in caught.value.what
    assert server.authentications == []  # nothing was told to a stranger


def test_nobody_listens(unused_port: int) -> None:
    endpoint = Endpoint("node128", "127.0.0.1", unused_port)
    assert refusal(endpoint) == f"{where(endpoint)} can't be reached over SSH: Connection refused. {ON}"


def test_a_machine_that_is_off_behind_the_relay(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as relay:
        relay.settimeout(5)
        endpoint = Endpoint("node128", "127.0.0.1", relay.getsockname()[1], password=Secret("x"))
        threading.Thread(target=_take_and_close, args=(relay,)).start()
        said = refusal(endpoint)
    assert said == (
        f"{where(endpoint)} can't be reached over SSH: "
        f"it closed the connection, as a machine that is off or booting does. {ON}"
    )
    assert (*capfd.readouterr(), caplog.messages) == ("", "", [])  # paramiko would print a traceback


def test_a_name_that_nobody_knows() -> None:
    said = refusal(Endpoint("node128", "node128.invalid", password=Secret("x")))
    assert said.startswith("node128 (node128.invalid port 22) can't be reached over SSH: ")
    assert said.endswith(ON)


def test_a_key_that_is_refused(server: SshServer, tmp_path: Path) -> None:
    stranger = tmp_path / "stranger"
    paramiko.ECDSAKey.generate().write_private_key_file(str(stranger))
    endpoint = replace(server.endpoint, key_file=stranger)
    assert refusal(endpoint) == (
        f"{where(endpoint)} refuses user tester. Add the public half of {stranger} to tester's authorized_keys "
        "there (a key with a passphrase: ssh-add it here)."
    )


def test_a_password_that_is_refused(server: SshServer) -> None:
    endpoint = replace(server.endpoint, key_file=None, password=Secret("wrong"))
    assert refusal(endpoint) == (
        f"{where(endpoint)} refuses user tester. "
        "Correct the password in the environment variable that ssh.password_env names, or ssh.user."
    )


def test_nothing_to_log_in_with(server: SshServer) -> None:
    endpoint = replace(server.endpoint, key_file=None)
    assert refusal(endpoint) == (
        f"{where(endpoint)}: there is no key to log in with. "
        "State ssh.key_file or ssh.password_env of node128, or load its key: ssh-add."
    )


def test_a_key_with_a_passphrase_is_left_to_the_agent(server: SshServer, tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    server.client_key.write_private_key_file(str(locked), password="hunter2")
    assert "ssh-add" in refusal(replace(server.endpoint, key_file=locked))


@pytest.mark.parametrize(("content", "why"), [(None, "No such file or directory"), ("garbage", "")])
def test_a_key_file_that_cannot_be_used(tmp_path: Path, content: str | None, why: str) -> None:
    broken = tmp_path / "broken"
    if content is not None:
        broken.write_text(content)
    said = refusal(Endpoint("node128", "127.0.0.1", 1, key_file=broken))
    assert said.startswith(f"node128: the private key {broken} can't be used: {why}")
    assert said.endswith("Correct ssh.key_file of node128.")
