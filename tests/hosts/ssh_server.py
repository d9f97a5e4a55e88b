"""An SSH server in this process, for tests: it runs the commands as this user, as sshd would."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import paramiko
import pytest
from paramiko.common import AUTH_FAILED, AUTH_SUCCESSFUL, OPEN_SUCCEEDED

from runbook_lib.hosts import Endpoint
from runbook_lib.hosts.host_keys import HostKey

PASSWORD = "corr'ect horse"
HOST_KEY = paramiko.ECDSAKey.generate()


class SshServer:
    """Listens on a port of 127.0.0.1. Counts its sessions, keeps the lines that it was given, can cut every session."""

    def __init__(self, folder: Path) -> None:
        self.host_key = HostKey(HOST_KEY.get_name(), HOST_KEY.asbytes())
        self.client_key = paramiko.ECDSAKey.generate()
        self.key_file = folder / "key"
        self.client_key.write_private_key_file(str(self.key_file))
        self.refuse_channels_of_first_session = False
        """As a machine that was restarted behind our back: the session looks alive until it is used."""
        self.cut_after_bytes: int | None = None
        """Of a command's stdin; once."""
        self.environment = dict(os.environ)
        self.more_host_keys: list[paramiko.PKey] = []
        self.authentications: list[str] = []
        self.lines: list[str] = []
        self.sessions: list[paramiko.Transport] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def endpoint(self) -> Endpoint:
        pinned = f"{HOST_KEY.get_name()} {HOST_KEY.get_base64()}"
        return Endpoint("node128", "127.0.0.1", self.port, "tester", self.key_file, host_key=pinned)

    def cut(self) -> None:
        """As when the machine goes down: every session ends, and what was running in it is left behind."""
        for transport in self.sessions:
            transport.close()

    def close(self) -> None:
        with suppress(OSError):  # closed already
            self._listener.shutdown(socket.SHUT_RDWR)  # else the thread that waits in accept() takes one more
        self._listener.close()
        self.cut()

    def _serve(self) -> None:
        with suppress(OSError):  # closed
            while True:
                connection, _ = self._listener.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                transport = paramiko.Transport(connection)
                for key in (HOST_KEY, *self.more_host_keys):
                    transport.add_server_key(key)
                self.sessions.append(transport)
                with suppress(paramiko.SSHException, EOFError):  # the client left during the handshake
                    transport.start_server(server=_Rules(self))


class _Rules(paramiko.ServerInterface):
    def __init__(self, server: SshServer) -> None:
        self._server = server

    def get_allowed_auths(self, username: str) -> str:
        return "publickey,password"

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        self._server.authentications.append("publickey")
        return AUTH_SUCCESSFUL if key == self._server.client_key else AUTH_FAILED

    def check_auth_password(self, username: str, password: str) -> int:
        self._server.authentications.append("password")
        return AUTH_SUCCESSFUL if password == PASSWORD else AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        if self._server.refuse_channels_of_first_session and len(self._server.sessions) == 1:
            self._server.cut()
        return OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        self._server.lines.append(command.decode())
        threading.Thread(target=_run, args=(self._server, channel, command), daemon=True).start()
        return True


def _run(server: SshServer, channel: paramiko.Channel, command: bytes) -> None:
    pipe = subprocess.PIPE
    argv = ["sh", "-c", command.decode()]
    with subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=pipe, env=server.environment) as process:
        threading.Thread(target=_feed, args=(server, channel, process.stdin), daemon=True).start()
        outputs = [
            threading.Thread(target=_send, args=(process.stdout, channel.sendall), daemon=True),
            threading.Thread(target=_send, args=(process.stderr, channel.sendall_stderr), daemon=True),
        ]
        for output in outputs:
            output.start()
        status = process.wait()
        with suppress(OSError, EOFError):
            if status >= 0:  # else sshd sends the signal's name
                channel.send_exit_status(status)
            for output in outputs:
                output.join()
            channel.close()


def _feed(server: SshServer, channel: paramiko.Channel, stdin: IO[bytes]) -> None:
    fed = 0
    with suppress(OSError, ValueError), stdin:  # ValueError: the command ended, its stdin is closed
        while chunk := channel.recv(1 << 15):
            stdin.write(chunk)
            stdin.flush()
            fed += len(chunk)
            if server.cut_after_bytes is not None and fed > server.cut_after_bytes:
                server.cut_after_bytes = None
                server.cut()
                return  # what came in before is in paramiko's buffer still


def _send(stream: Any, send: Any) -> None:
    # Closed when the channel is, as sshd does; ValueError: the command ended, and it is closed already.
    with suppress(OSError, ValueError), stream:
        while chunk := stream.read1(1 << 15):
            send(chunk)


@contextmanager
def ssh_server(folder: Path) -> Iterator[SshServer]:
    server = SshServer(folder)
    try:
        yield server
    finally:
        server.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SshServer]:
    with ssh_server(tmp_path) as running:
        yield running
