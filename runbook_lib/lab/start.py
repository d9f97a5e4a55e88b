"""Start a lab's supervisor (root): state folder, record, the process, and wait until it is ready."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import uuid
from pathlib import Path

from runbook_lib.errors import LabError
from runbook_lib.lab.folder import LabFolder, LabRecord

READY = "ready"


def answers(folder: LabFolder) -> bool:
    """Whether the lab's supervisor lives: a dead one's socket refuses at once."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
        try:
            connection.connect(str(folder.socket))
        except OSError:
            return False
        return True


def new_record(name: str, owner: int, release: str, image: Path, layer: Path | None) -> LabRecord:
    """The record of a lab that is about to start."""
    return LabRecord(name, uuid.uuid4().hex[:8], owner, release, str(image), str(layer) if layer else None)


def start(folder: LabFolder, record: LabRecord) -> None:
    """Start the supervisor; returns when every machine answers SSH. The caller holds the lock and undoes a failure."""
    folder.path.mkdir(mode=0o755, parents=True)
    folder.write_record(record)
    folder.access.mkdir(mode=0o700)
    os.chown(folder.access, record.owner, -1)
    (folder.path / "machines").mkdir(mode=0o700)
    argv = [*_scope(record), sys.executable, "-m", "runbook_lib.lab.supervisor", folder.name]
    # Its own session: a Ctrl-C at the terminal is for us, and we clean up.
    with subprocess.Popen(
        argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        try:
            said = process.stdout.readline().strip()
        except BaseException:
            process.kill()  # it may not have a control group yet by which it could be found
            raise
    if said != READY:
        raise LabError(*_why(said, folder))


def _scope(record: LabRecord) -> list[str]:
    """Where systemd rules the control groups it must hand one over: a delegated scope, which vanishes when empty."""
    if not Path("/run/systemd/system").is_dir():  # sd_booted(3)
        return []
    return ["systemd-run", "--quiet", "--scope", "-p", "Delegate=yes", f"--unit={record.unit}"]


def _why(said: str, folder: LabFolder) -> tuple[str, str]:
    what, _, todo = said.partition("\t")
    if what:
        return what, todo
    try:
        last = folder.log.read_text(errors="replace").splitlines()[-5:]
    except FileNotFoundError:
        last = []
    return (
        f"The lab's supervisor ended while starting: {' / '.join(last)}.",
        "Try again; if it stays so, report these lines.",
    )
