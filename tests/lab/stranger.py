"""Another local user: the machine's `nobody`, in a process of its own."""

from __future__ import annotations

import subprocess
from pathlib import Path

from runbook_lib.lab.root import as_root

NOBODY = 65534
PYTHON = "/usr/bin/python3"
"""The system's: the tests' own may lie in a home that only its user may enter."""
CONNECT = """
import socket, sys
kind, path = sys.argv[1:]
with socket.socket(socket.AF_UNIX, getattr(socket, kind)) as caller:
    caller.settimeout(5)
    try:
        caller.connect(path)
        caller.send(b'{"do": "status", "machine": "", "argv": [], "seconds": null}')
        print("answered" if caller.recv(1 << 17) else "hung up")
    except (BrokenPipeError, ConnectionResetError):
        print("hung up")
    except OSError as error:
        print(type(error).__name__)
"""

PEER = r"""
import socket, sys
greeting = b"\xff" + bytes(8) + b"\x7f\x03\x00NULL" + bytes(16 + 1 + 31)
ready = b"\x05READY\x0bSocket-Type\x00\x00\x00\x04PUSH"
with socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=5) as caller:
    caller.sendall(greeting + bytes([4, len(ready)]) + ready)
    heard = b""
    while b"Socket-Type" not in heard[:-7] and (chunk := caller.recv(4096)):
        heard += chunk
print(heard.partition(b"Socket-Type\0\0\0")[2][1:5].decode())
"""
"""ZMTP 3.0's greeting with mechanism NULL and the command READY, which names the type of the socket behind a port."""


def as_nobody(*argv: str) -> subprocess.CompletedProcess[str]:
    """Run a command as that user, without any group or capability of ours."""
    who = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--inh-caps=-all", "--")
    return subprocess.run(as_root(*who, *argv), capture_output=True, text=True, check=False, cwd="/", timeout=60)


def readable_by_nobody(folder: Path) -> set[str]:
    """Every file and folder at or below `folder` that the stranger can read, relative to it."""
    found = as_nobody("find", str(folder), "-readable", "-printf", "%P\n").stdout
    return set(found.splitlines())


def connect_as_nobody(path: Path, kind: str = "SOCK_STREAM") -> str:
    """What a unix socket gives the stranger: answered, hung up, or the error's name."""
    return as_nobody(PYTHON, "-c", CONNECT, kind, str(path)).stdout.strip()


def zmq_type_as_nobody(port: int) -> str:
    """Which kind of ZeroMQ socket a stranger meets at a port of 127.0.0.1: PUB hands out, PULL only takes in."""
    return as_nobody(PYTHON, "-c", PEER, str(port)).stdout.strip()
