"""What goes over the control socket: a message a request, one a reply, both JSON (SOCK_SEQPACKET keeps them whole)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Literal

from runbook_lib.errors import LabError
from runbook_lib.lab.topology import name_option

LARGEST_MESSAGE = 128 * 1024
"""Bytes; a Linux command line may be longer, what people type is not."""

Action = Literal[
    "status", "wait-ssh", "exec", "logs", "power-off", "power-on", "power-on-later", "reboot", "unplug", "plug"
]
MachineState = Literal["off", "starting", "running"]


@dataclass(frozen=True)
class Request:
    """What the supervisor is asked to do; `exec` and `logs` come with the caller's stdin, stdout and stderr."""

    do: Action
    machine: str = ""
    argv: tuple[str, ...] = ()
    seconds: float | None = None
    """Of an expiry or a deadline."""


@dataclass(frozen=True)
class MachineStatus:
    """One machine: `running` once its sshd listens."""

    state: MachineState
    address: str
    ssh_port: int
    """On 127.0.0.1."""
    plugged: bool


@dataclass(frozen=True)
class LabStatus:
    """One lab; `down` when nothing of it runs."""

    name: str
    state: Literal["down", "starting", "running"]
    machines: Mapping[str, MachineStatus] = field(default_factory=dict)
    vip_http_port: int | None = None
    """On 127.0.0.1: HTTP of the VIP, asked for from the client machine."""

    def as_json(self) -> str:
        """The machine-readable form of `runbook lab status --json`."""
        return json.dumps(asdict(self))

    @classmethod
    def from_values(cls, values: dict[str, object]) -> LabStatus:
        """The inverse of `asdict`: what the supervisor sent."""
        machines = values.pop("machines")
        assert isinstance(machines, dict)
        return cls(machines={name: MachineStatus(**m) for name, m in machines.items()}, **values)  # type: ignore[arg-type]


def encode_request(request: Request) -> bytes:
    """The request as a message; LabError when it is too long for one."""
    message = json.dumps(asdict(request)).encode()
    if len(message) > LARGEST_MESSAGE:
        raise LabError("The command line is longer than 128 KiB.", "Give it to the command's standard input instead.")
    return message


def parse_request(message: bytes) -> Request:
    """The request of a message. Raises LabError for what no client of this version sends."""
    try:
        values = json.loads(message)
        return Request(**{**values, "argv": tuple(values["argv"])})
    except (ValueError, TypeError, KeyError) as error:
        raise LabError(
            f"The lab's supervisor does not understand {message[:80]!r}.",
            "Was it started by another version of runbook?",
        ) from error


def encode_reply(result: Mapping[str, object]) -> bytes:
    """A reply that says how it went."""
    return json.dumps({"ok": result}).encode()


def encode_refusal(error: LabError) -> bytes:
    """A reply that says why not."""
    return json.dumps({"error": [error.what, error.todo]}).encode()


def parse_reply(message: bytes, lab: str) -> dict[str, object]:
    """The result of a reply; raises the LabError that the supervisor of `lab` meant."""
    if not message:
        start = f"Start the lab again: runbook lab up{name_option(lab)}"
        raise LabError("The lab's supervisor ended while it was asked.", start)
    reply = json.loads(message)
    if "error" in reply:
        raise LabError(*reply["error"])
    result = reply["ok"]
    assert isinstance(result, dict)
    return result
