"""Try another configuration on the site's own nodes, and put back the one that was found, whatever happens."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from runbook_lib.chapter.check_script import install_check_script
from runbook_lib.chapter.config import write_configuration
from runbook_lib.chapter.daemon import start_keepalived
from runbook_lib.chapter.ownership import STATE
from runbook_lib.chapter.service import FOLDER, UNIT
from runbook_lib.errors import HostError
from runbook_lib.failover.faults import node_record
from runbook_lib.failover.faults.undoing import undoing
from runbook_lib.failover.trials.waiting import wait_for_nodes
from runbook_lib.hosts import Host, OpenSite
from runbook_lib.journal import FaultRecorded, FaultUndone, Journal, Noted
from runbook_lib.site import Site

SAVED = f"{STATE}/saved"


def configured(site: OpenSite, model: Site, why: str) -> OpenSite:
    """The site as this model describes it, its nodes configured so. Inside `as_found`; a demonstration is no change.

    What the operations do is in the journal as commands only. Raises HostError.
    """
    site.journal.write(Noted(f"demonstration: {why}"))
    there = replace(site, model=model)
    quiet = replace(there, journal=Journal(None))
    for operation in (install_check_script, write_configuration, start_keepalived):
        operation(quiet)
    return there


@contextmanager
def as_found(site: OpenSite, name: str, expires_s: float) -> Iterator[None]:
    """Save keepalived's folder on both nodes, and put it back on every exit; the nodes do it themselves at the end.

    Where nothing went wrong, return once both nodes are well again. `name` begins the name of its record on the nodes.
    Raises HostError.
    """
    saved_id = f"{name}-{secrets.token_hex(4)}"
    undo = render_restore(saved_id)
    with undoing(site.journal, lambda: _restore(site, saved_id)):
        for host in site.nodes:
            site.journal.write(FaultRecorded(saved_id, name, host.name, undo, expires_s))
            saved = f"{SAVED}/{saved_id}"
            host.run("mkdir -p %s && { cp -a %s %s || { rm -rf %s; exit 1; }; }", SAVED, FOLDER, saved, saved).check()
            node_record.record_undo(host, saved_id, undo, expires_s)
        yield
    wait_for_nodes(site)


def _restore(site: OpenSite, saved_id: str) -> None:
    """Put back what was found on both nodes. Raises HostError once each had its turn."""
    failed = [error for host in site.nodes if (error := _restored(site, host, saved_id)) is not None]
    if failed:
        raise failed[0]


def _restored(site: OpenSite, host: Host, saved_id: str) -> HostError | None:
    """Put back what was found on one node; what went wrong, so that the other gets its turn first."""
    try:
        node_record.run_undo(host, saved_id)
        site.journal.write(FaultUndone(saved_id, confirmed=not node_record.is_recorded(host, saved_id)))
    except HostError as error:
        return error
    return None


def render_restore(saved_id: str) -> str:
    """Shell that puts back each file as it was, takes away those that are new, and has keepalived read them. Pure.

    What was saved stays until all of that is done, and is then gone at once: it may end anywhere, and run again.
    """
    return f"""\
saved={SAVED}/{saved_id}
if [ -d "$saved" ]; then
    for f in "$saved"/*; do
        [ -f "$f" ] || continue
        cp -a "$f" {FOLDER}/.restored || {{ rm -f {FOLDER}/.restored; exit 1; }}
        mv -f {FOLDER}/.restored "{FOLDER}/${{f##*/}}"
    done
    for f in {FOLDER}/*; do [ -e "$saved/${{f##*/}}" ] || rm -f "$f"; done
    systemctl reset-failed {UNIT} 2>/dev/null || true
    systemctl reload-or-restart {UNIT}
    mv -T "$saved" "$saved.done"
fi
rm -rf "$saved.done" """.rstrip()
