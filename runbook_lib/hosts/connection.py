"""The door to paramiko: opens a session, and translates its exceptions into ours."""

from __future__ import annotations

import base64
import hashlib
import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import paramiko

from runbook_lib.errors import HostKeyError, UnreachableError
from runbook_lib.hosts.endpoint import Endpoint

CONNECT_S = 10.0
KEEPALIVE_S = 15

# What goes wrong in paramiko's own thread is raised to the caller too: no need to print its traceback.
logging.getLogger("paramiko").setLevel(logging.CRITICAL)


def fingerprint(key: paramiko.PKey) -> str:
    """`SHA256:…` as `ssh-keygen -l` prints it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(key.asbytes()).digest()).decode().rstrip("=")


def connect(endpoint: Endpoint) -> paramiko.Transport:
    """An authenticated session. Raises HostKeyError for an unknown or wrong key, UnreachableError for the rest."""
    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(_Judge(endpoint))
    if endpoint.host_key is not None:
        _pin(client, endpoint)
    elif endpoint.fingerprint is None:
        client.load_system_host_keys()
    with translated(endpoint, "can't be reached over SSH"):
        client.connect(
            endpoint.host,
            endpoint.port,
            endpoint.user,
            password=endpoint.password.reveal() if endpoint.password else None,
            key_filename=str(endpoint.key_file) if endpoint.key_file else None,
            # A machine with a key of its own (the lab's) must not be offered the user's other keys.
            allow_agent=endpoint.key_file is None,
            look_for_keys=endpoint.key_file is None and endpoint.password is None,
            banner_timeout=CONNECT_S,
            auth_timeout=CONNECT_S,
            sock=_socket(endpoint),
        )
    transport = client.get_transport()
    assert transport is not None  # connect() returned
    transport.set_keepalive(KEEPALIVE_S)
    return transport


def _socket(endpoint: Endpoint) -> socket.socket:
    sock = socket.create_connection((endpoint.host, endpoint.port), timeout=CONNECT_S)
    # Both legs of the relay need it: 3.5 ms a command instead of 48.
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def _pin(client: paramiko.SSHClient, endpoint: Endpoint) -> None:
    assert endpoint.host_key is not None
    kind, encoded = endpoint.host_key.split()[:2]
    name = endpoint.host if endpoint.port == paramiko.config.SSH_PORT else f"[{endpoint.host}]:{endpoint.port}"
    client.get_host_keys().add(name, kind, paramiko.PKey.from_type_string(kind, base64.b64decode(encoded)))


class _Judge(paramiko.MissingHostKeyPolicy):
    """No key is known for the machine: only a stated fingerprint can vouch for it."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    def missing_host_key(self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey) -> None:
        """Accept the key with the stated fingerprint, refuse every other."""
        seen, stated = fingerprint(key), self._endpoint.fingerprint
        if seen == stated:
            return
        client.close()
        name = self._endpoint.name
        if stated:
            raise HostKeyError(
                f"{name}: its host key is {seen}, the parameters say {stated}.",
                "Find out why before you go on: another machine may answer at this address.",
            )
        raise HostKeyError(
            f"{name}: its host key {seen} is unknown.",
            f"Compare it on the machine's console, then add it with ssh-keyscan to ~/.ssh/known_hosts, "
            f"or state it as the ssh.fingerprint of {name}.",
        )


@contextmanager
def translated(endpoint: Endpoint, what: str) -> Iterator[None]:
    """Raise paramiko's and the socket's errors as ours; `what` says what could not be done."""
    where = f"{endpoint.name} ({endpoint.host} port {endpoint.port})"
    try:
        yield
    except paramiko.BadHostKeyException as error:
        raise HostKeyError(
            f"{endpoint.name}: its host key is {fingerprint(error.key)}, not the known "
            f"{fingerprint(error.expected_key)}.",
            "Find out why before you go on: another machine may answer at this address.",
        ) from error
    except paramiko.AuthenticationException as error:
        raise UnreachableError(
            f"{where} refused user {endpoint.user}.", "Check ssh.user, its key or password, and the agent."
        ) from error
    except (paramiko.SSHException, OSError, EOFError) as error:
        raise UnreachableError(
            f"{where} {what}: {_reason(error)}.", "Is it on, and is its sshd running? Try ssh by hand."
        ) from error


def _reason(error: Exception) -> str:
    if "protocol banner" in str(error) or isinstance(error, EOFError | ConnectionResetError):
        return "it closed the connection, as a machine that is off or booting does"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return (error.strerror if isinstance(error, OSError) and error.strerror else str(error)) or type(error).__name__
