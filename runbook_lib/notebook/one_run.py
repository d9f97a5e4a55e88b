"""One run at a time on a site: two would undo each other's faults, and count each other's changes."""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from runbook_lib.artifacts import user_cache
from runbook_lib.errors import RunbookError
from runbook_lib.evidence.surroundings import controller
from runbook_lib.site import Site


class BusyError(RunbookError):
    """Another run of this user is at the same site."""


@contextmanager
def only_run(site: Site, told: str, folder: Path | None = None) -> Iterator[None]:
    """Inside, this is the only run of this user at the site. Raises BusyError with what the other one told of itself.

    The kernel lets go of the lock with the process, however that ends. Runs from other machines are not seen.
    """
    folder = folder or user_cache() / "runs"
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / f"{site_key(site)}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if not _taken(descriptor):
            other = os.read(descriptor, 200).decode(errors="replace")
            raise BusyError(f"Another run is at this site: {other}.", "Wait for its end, or interrupt it.")
        os.truncate(descriptor, 0)
        os.pwrite(descriptor, told.encode(), 0)
        yield
    finally:
        os.close(descriptor)


def this_process() -> str:
    """What a run tells of itself to one that comes meanwhile."""
    return f"process {os.getpid()} on {controller()}, since {datetime.now(UTC):%H:%M:%S} UTC"


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def controller_id() -> str:
    """Names this user on this machine, as far as the lock of `only_run` reaches: made once, kept beside it."""
    path = user_cache() / "runs" / "controller"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{path.name}.{os.getpid()}")
        part.write_text(secrets.token_hex(8), "ascii")
        part.replace(path)
    return path.read_text("ascii")


def site_key(site: Site) -> str:
    """What makes two parameter files speak of the same machines."""
    machines = sorted(f"{m.ssh.address or m.address}:{m.ssh.port}" for m in site.nodes.pair)
    named = site.lab.name if site.substrate == "lab" else ",".join(machines)
    return hashlib.sha256(f"{site.substrate} {named}".encode()).hexdigest()[:16]
