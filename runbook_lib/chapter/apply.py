"""Apply a change: its actions in order on its host, then one event in the journal."""

from __future__ import annotations

import time

from runbook_lib.chapter.change import Action, Change, Command, CopyTree, PushFile, WriteFile
from runbook_lib.errors import CommandError
from runbook_lib.hosts import Host, OpenSite
from runbook_lib.journal import ChangeMade


def apply_change(site: OpenSite, change: Change) -> None:
    """Do what `change` says, and journal it; an empty change does and journals nothing.

    Raises HostError at the first action that fails: what came before it stays, and the next plan starts from there.
    Of a failed command, the change's hint says what to do.
    """
    if change.is_none:
        return
    host, begun = site.hosts[change.host], time.monotonic()
    try:
        for action in change.actions:
            _do(site, host, action)
    except CommandError as error:
        raise CommandError(error.what, change.hint or error.todo) from error
    actions = tuple(str(action) for action in change.actions)
    seconds = round(time.monotonic() - begun, 3)
    site.journal.write(ChangeMade(change.host, change.title, change.was, actions, change.diff, change.warning, seconds))


def _do(site: OpenSite, host: Host, action: Action) -> None:
    match action:
        case Command():
            _do_command(host, action)
        case WriteFile(path, content):
            _test(host, action)
            host.write_file(path, content.encode(), mode=action.mode)
        case PushFile(local, path, mode):
            host.push_file(local, path, mode=mode)
        case CopyTree(source_host, path):
            host.copy_tree_from(site.hosts[source_host], path)


def _test(host: Host, file: WriteFile) -> None:
    """Raises CommandError when the staged content fails its test: what stands in its place is untouched."""
    if file.tested_by is None:
        return
    host.write_file(file.staged, file.content.encode(), mode=file.mode)
    try:
        _do_command(host, file.tested_by)
    finally:
        host.run("rm -f -- %s", file.staged)


def _do_command(host: Host, command: Command) -> None:
    host.run(command.command, *command.values, timeout_s=command.timeout_s, shown=command.shown).check()
