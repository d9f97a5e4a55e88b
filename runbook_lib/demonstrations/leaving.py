"""How a demonstration leaves nothing behind: an undo that the node keeps, or a folder that goes with its shell."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from runbook_lib.failover.faults import node_record
from runbook_lib.failover.faults.undoing import undoing
from runbook_lib.hosts import Host, OpenSite
from runbook_lib.journal import FaultRecorded, FaultUndone

IN_A_FOLDER = "t=$(mktemp -d) || exit; trap 'rm -rf \"$t\"' EXIT; trap 'exit 1' HUP INT TERM PIPE; cd \"$t\" || exit; "
"""Shell: go to a temporary folder `$t`, which goes with this shell, also where that is ended, or read by nobody."""


@contextmanager
def undone_on_exit(site: OpenSite, host: Host, name: str, undo: str, expires_s: float) -> Iterator[None]:
    """Record `undo` on the node first, run it on every exit; `name` begins the name of its record.

    The node does it itself after `expires_s`, or at the boot after that.

    Raises HostError; before anything is touched, when it can't be recorded.
    """
    record = f"{name}-{secrets.token_hex(4)}"
    site.journal.write(FaultRecorded(record, name, host.name, undo, expires_s))
    with undoing(site.journal, lambda: _undo(site, host, record)):
        node_record.record_undo(host, record, undo, expires_s)
        yield


def _undo(site: OpenSite, host: Host, record: str) -> None:
    node_record.run_undo(host, record)
    site.journal.write(FaultUndone(record, confirmed=not node_record.is_recorded(host, record)))
