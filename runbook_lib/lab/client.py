"""The lab as its user sees it: no privilege, only the control socket and the files in the lab's access folder."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from runbook_lib.errors import LabError, UnreachableError
from runbook_lib.lab.folder import LabFolder
from runbook_lib.lab.protocol import LARGEST_MESSAGE, LabStatus, MachineStatus, Request, encode_request, parse_reply
from runbook_lib.lab.topology import name_option

if TYPE_CHECKING:
    from runbook_lib.hosts.endpoint import Endpoint


class LabNotRunningError(LabError):
    """The lab is not up."""


@dataclass(frozen=True)
class Lab:
    """A lab by its name. Every method asks its supervisor and raises LabError, with the cure, when it can't be done."""

    name: str

    @property
    def release(self) -> str:
        """The Debian release of the machines."""
        record = self._folder.read_record()
        return record.release if record else ""

    def status(self) -> LabStatus:
        """State of the lab and of each machine now."""
        return LabStatus.from_values(self._ask(Request("status")))

    def endpoint(self, machine: str) -> Endpoint:
        """How SSH reaches a machine: the relay's port, root, the lab's key, the pinned host key.

        UnreachableError when it is off.
        """
        from runbook_lib.hosts.endpoint import Endpoint  # noqa: PLC0415 - brings paramiko; the lab's commands start fast

        port = self._powered(machine).ssh_port
        return Endpoint(machine, "127.0.0.1", port, "root", self._folder.key, host_key=self.host_key(machine))

    def ssh_port(self, machine: str) -> int:
        """The relay's port for the machine on 127.0.0.1; the same as long as the lab lives."""
        return self._machine(machine).ssh_port

    def _machine(self, machine: str) -> MachineStatus:
        machines = self.status().machines
        if machine not in machines:
            raise LabError(f"Lab {self.name!r} has no machine {machine!r}.", f"Its machines: {', '.join(machines)}.")
        return machines[machine]

    def _powered(self, machine: str) -> MachineStatus:
        found = self._machine(machine)
        if found.state == "off":
            cure = f"runbook lab power-on {machine}{name_option(self.name)}"
            raise UnreachableError(f"{machine} is off.", f"Power it on: {cure}")
        return found

    def host_key(self, machine: str) -> str:
        """The public host key that the lab made for the machine: `ssh-ed25519 AAAA…`."""
        lines = self._folder.known_hosts.read_text().splitlines()
        return next(key for name, _, key in (line.partition(" ") for line in lines) if name == machine)

    def ssh_command(self, machine: str) -> list[str]:
        """The `ssh` command line that opens a session on the machine, its host key checked.

        UnreachableError when it is off.
        """
        folder, found = self._folder, self._powered(machine)
        options = (
            f"HostKeyAlias={machine}", f"UserKnownHostsFile={folder.known_hosts}", "StrictHostKeyChecking=yes",
            "IdentitiesOnly=yes", "LogLevel=ERROR",
        )  # fmt: skip
        flags = [word for option in options for word in ("-o", option)]
        return ["ssh", "-F", "none", *flags, "-i", str(folder.key), "-p", str(found.ssh_port), "root@127.0.0.1"]

    def power_on(self, machine: str) -> None:
        """Boot the machine, unless it is on; returns when the boot began (see `wait_ssh`)."""
        self._ask(Request("power-on", machine))

    def power_off(self, machine: str, *, expires_s: float | None = None) -> None:
        """Power lost: the cable, then every process, at once. After `expires_s` the supervisor powers it on again."""
        self._ask(Request("power-off", machine, seconds=expires_s))

    def power_on_later(self, machine: str, after_s: float) -> None:
        """Have the supervisor power it on after so long, or as soon as it is off then; `power_on` cancels that."""
        self._ask(Request("power-on-later", machine, seconds=after_s))

    def reboot(self, machine: str) -> None:
        """A clean reboot; returns when the next boot began (see `wait_ssh`)."""
        self._ask(Request("reboot", machine))

    def unplug(self, machine: str, *, expires_s: float | None = None) -> None:
        """Pull the cable of ens33; SSH through the relay still works. After `expires_s` the supervisor plugs it in."""
        self._ask(Request("unplug", machine, seconds=expires_s))

    def plug(self, machine: str) -> None:
        """Put the cable in."""
        self._ask(Request("plug", machine))

    def wait_ssh(self, machine: str, within_s: float = 90) -> None:
        """Return as soon as the machine's sshd listens; LabError when it doesn't in time."""
        self._ask(Request("wait-ssh", machine, seconds=within_s))

    def exec(self, machine: str, argv: Sequence[str]) -> int:
        """Run a command as root with our own stdin, stdout and stderr, the network not needed; its exit status."""
        return self._with_streams(Request("exec", machine, tuple(argv)), (0, 1, 2))

    def capture(self, machine: str, argv: Sequence[str]) -> tuple[int, str, str]:
        """Like `exec` with nothing on stdin; exit status, stdout, stderr."""
        return self._captured(Request("exec", machine, tuple(argv)))

    def logs(self, machine: str) -> int:
        """Print the machine's journal on our stdout, also when it is off; journalctl's exit status."""
        return self._with_streams(Request("logs", machine), (0, 1, 2))

    @property
    def _folder(self) -> LabFolder:
        return LabFolder(self.name)

    def _captured(self, request: Request) -> tuple[int, str, str]:
        # Files, not pipes: nobody must read them while the command runs.
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, Path(os.devnull).open("rb") as nothing:
            status = self._with_streams(request, (nothing.fileno(), out.fileno(), err.fileno()))
            out.seek(0)
            err.seek(0)
            return status, out.read().decode(errors="replace"), err.read().decode(errors="replace")

    def _with_streams(self, request: Request, streams: Sequence[int]) -> int:
        status = self._ask(request, streams)["status"]
        assert isinstance(status, int)
        return status

    def _ask(self, request: Request, streams: Sequence[int] = ()) -> dict[str, object]:
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
            connect(connection, self._folder)
            socket.send_fds(connection, [encode_request(request)], list(streams))
            return parse_reply(connection.recv(LARGEST_MESSAGE), self._folder.name)


def is_running(folder: LabFolder) -> bool:
    """Whether the lab's supervisor lives. LabError when it is another user's."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
        try:
            connect(connection, folder)
        except LabNotRunningError:
            return False
    return True


def connect(connection: socket.socket, folder: LabFolder) -> None:
    """Connect to the lab's supervisor. LabError when the lab is not running, or is another user's."""
    try:
        connection.connect(str(folder.socket))
    except PermissionError as error:
        raise LabError(f"Lab {folder.name!r} belongs to another user.", "Start one of your own with --name.") from error
    except OSError as error:
        start = f"Start it: runbook lab up{name_option(folder.name)}"
        raise LabNotRunningError(f"Lab {folder.name!r} is not running.", start) from error
