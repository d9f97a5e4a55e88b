"""The door to paramiko: opens sessions and channels, and translates its exceptions into ours."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import paramiko
from paramiko.pkey import UnknownKeyType

from runbook_lib.errors import HostError, SessionLostError, UnreachableError
from runbook_lib.hosts.endpoint import Endpoint
from runbook_lib.hosts.host_keys import HostKey, Vouchers, judge, vouchers

CONNECT_S = 10.0
KEEPALIVE_S = 15
UNANSWERED_S = 20.0
"""A machine that leaves our packets unacknowledged for so long is gone; TCP alone would try for 15 minutes."""
ASK_EVERY_S = 15.0
SILENT_S = 30.0
"""An sshd that is asked for a channel and says nothing for so long is gone, whoever acknowledges our packets: a relay,
or the kernel of a machine that hangs. Together as long as OpenSSH's ServerAliveInterval=15, ServerAliveCountMax=3."""
RSA_SIGNATURES = ("rsa-sha2-512", "rsa-sha2-256")

Channel: TypeAlias = paramiko.Channel

# What goes wrong in paramiko's own thread is raised to the caller too: no need to print its traceback.
logging.getLogger("paramiko").setLevel(logging.CRITICAL)


class Session:
    """An authenticated SSH session with a machine whose host key was checked."""

    def __init__(self, endpoint: Endpoint) -> None:
        """Open it. Raises HostKeyError for an unknown or wrong host key, UnreachableError for the rest."""
        self.endpoint = endpoint
        self._client = paramiko.SSHClient()
        try:
            self._transport = _connected(self._client, endpoint)
        except BaseException:
            self._client.close()
            raise
        self._closed = threading.Event()
        threading.Thread(target=self._watch, name=f"watch {endpoint.name}", daemon=True).start()

    def _watch(self) -> None:
        """End the session when its machine has fallen silent: whoever waits for a command is told at once."""
        while not self._closed.wait(ASK_EVERY_S) and self._transport.is_active():
            try:
                self._transport.open_session(timeout=SILENT_S).close()
            except paramiko.ChannelException:  # refused, as when MaxSessions run: that is an answer
                continue
            except (paramiko.SSHException, OSError, EOFError):
                self._transport.close()

    @property
    def is_alive(self) -> bool:
        """As far as is known without asking."""
        return self._transport.is_active()

    def open_channel(self) -> Channel:
        """A channel on which nothing was asked yet. Raises SessionLostError when the session has ended."""
        try:
            return self._transport.open_session(timeout=CONNECT_S)
        except paramiko.ChannelException as error:
            raise HostError(
                f"{self.endpoint.name} refuses another command beside those that run: {_reason(error)}.",
                "Raise MaxSessions in its sshd_config.",
            ) from error
        except (paramiko.SSHException, OSError, EOFError) as error:
            raise SessionLostError(f"{_where(self.endpoint)} ended the session: {_reason(error)}.", _ON) from error

    def execute(self, channel: Channel, line: str) -> None:
        """Have `line` run. Raises SessionLostError: it may run, or not."""
        try:
            channel.exec_command(line)
        except (paramiko.SSHException, OSError, EOFError) as error:
            raise SessionLostError(
                f"{_where(self.endpoint)} did not confirm a command: {_reason(error)}; it may have run.", _ON
            ) from error

    def close(self) -> None:
        """End it, and what runs in it."""
        self._closed.set()
        self._client.close()


def _connected(client: paramiko.SSHClient, endpoint: Endpoint) -> paramiko.Transport:
    known = vouchers(endpoint)
    key = _private_key(endpoint)
    client.set_missing_host_key_policy(_Judge(endpoint, known))
    with _translated(endpoint):
        client.connect(
            endpoint.host,
            endpoint.port,
            endpoint.user,
            pkey=key,
            password=endpoint.password.reveal() if endpoint.password else None,
            # Where a key or a password is stated, others must not use up sshd's MaxAuthTries.
            allow_agent=key is None and endpoint.password is None,
            look_for_keys=endpoint.key_file is None and endpoint.password is None,
            banner_timeout=CONNECT_S,
            auth_timeout=CONNECT_S,
            timeout=CONNECT_S,
            sock=_socket(endpoint),
            transport_factory=_Preferring(known),
        )
    transport = client.get_transport()
    assert transport is not None  # connect() returned
    transport.set_keepalive(KEEPALIVE_S)
    return transport


def _socket(endpoint: Endpoint) -> socket.socket:
    sock = socket.create_connection((endpoint.host, endpoint.port), timeout=CONNECT_S)
    # The lab's relay does so on its side, too: 3.5 ms a command instead of 48.
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux; elsewhere the keepalive ends a dead session, later
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(UNANSWERED_S * 1000))
    return sock


def _private_key(endpoint: Endpoint) -> paramiko.PKey | None:
    """The key of `key_file`; None when none is stated, or when it has a passphrase: then the agent has it."""
    if endpoint.key_file is None:
        return None
    try:
        return paramiko.PKey.from_path(Path(endpoint.key_file))
    except (paramiko.PasswordRequiredException, TypeError):  # TypeError: what cryptography says of a passphrase
        return None
    except (OSError, ValueError, paramiko.SSHException, UnknownKeyType) as error:
        raise UnreachableError(
            f"{endpoint.name}: the private key {endpoint.key_file} can't be used: {_reason(error)}.",
            f"Correct ssh.key_file of {endpoint.name}.",
        ) from error


class _Preferring:
    """Makes transports that ask a machine for a host key of a kind that is known."""

    def __init__(self, known: Vouchers) -> None:
        kinds = [key.kind for key in known.keys]
        self._wanted = [name for kind in kinds for name in (RSA_SIGNATURES if kind == "ssh-rsa" else (kind,))]

    def __call__(self, sock: Any, **options: Any) -> paramiko.Transport:
        transport = paramiko.Transport(sock, **options)
        security = transport.get_security_options()
        # Stable: the wanted ones first, each part in paramiko's own order.
        security.key_types = tuple(sorted(security.key_types, key=lambda name: name not in self._wanted))
        return transport


class _Judge(paramiko.MissingHostKeyPolicy):
    """paramiko is told of no key, so that it asks for every one; the judgement is ours (host_keys.py)."""

    def __init__(self, endpoint: Endpoint, known: Vouchers) -> None:
        self._endpoint = endpoint
        self._known = known

    def missing_host_key(self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey) -> None:
        """Return when the key is the machine's. Raises HostKeyError."""
        judge(self._endpoint, HostKey(key.get_name(), key.asbytes()), self._known)


_ON = "See whether it is on and its sshd runs."


@contextmanager
def _translated(endpoint: Endpoint) -> Iterator[None]:
    """Raise paramiko's and the socket's errors as ours."""
    try:
        yield
    except paramiko.AuthenticationException as error:
        raise UnreachableError(f"{_where(endpoint)} refuses user {endpoint.user}.", _credentials(endpoint)) from error
    except (paramiko.SSHException, OSError, EOFError) as error:
        if "No authentication methods" in str(error):
            raise UnreachableError(
                f"{_where(endpoint)}: there is no key to log in with.", _credentials(endpoint)
            ) from error
        raise UnreachableError(f"{_where(endpoint)} can't be reached over SSH: {_reason(error)}.", _ON) from error


def _where(endpoint: Endpoint) -> str:
    return f"{endpoint.name} ({endpoint.host} port {endpoint.port})"


def _credentials(endpoint: Endpoint) -> str:
    if endpoint.password is not None:
        return "Correct the password in the environment variable that ssh.password_env names, or ssh.user."
    if endpoint.key_file is not None:
        return (
            f"Add the public half of {endpoint.key_file} to {endpoint.user}'s authorized_keys there"
            " (a key with a passphrase: ssh-add it here)."
        )
    return f"State ssh.key_file or ssh.password_env of {endpoint.name}, or load its key: ssh-add."


def _reason(error: Exception) -> str:
    # It took the connection, and never said who it is: the two ways in which paramiko gives up at that moment.
    if isinstance(error.__context__, TimeoutError) or "No existing session" in str(error):
        return f"no answer within {CONNECT_S:.0f} s"
    # The lab's relay, in front of a machine that is off, takes the connection and closes it.
    if "protocol banner" in str(error) or isinstance(error, EOFError | ConnectionResetError):
        return "it closed the connection, as a machine that is off or booting does"
    if isinstance(error, TimeoutError):
        return f"no answer within {CONNECT_S:.0f} s"
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return said.rstrip(".") or type(error).__name__
