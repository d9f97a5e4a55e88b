"""How the user of a session becomes root: asked once a session, so that no command waits for a password."""

from __future__ import annotations

from collections.abc import Callable

from runbook_lib.errors import UnreachableError
from runbook_lib.hosts.endpoint import Endpoint
from runbook_lib.hosts.remote_shell import NO_SUDO, Privilege
from runbook_lib.hosts.running import Completed

# -k: a password that sudo remembers from a minute ago would make it skip the password line, and the command read it.
WITHOUT_PASSWORD = Privilege("sudo -n -- ")
_PROBE_WITHOUT = "sudo -k -n -- sh -c :"
_ASKING = "sudo -k -S -p '' -- "

Ask = Callable[[str, bytes], Completed]
"""Runs a line as it stands, with this on its stdin."""


def found_privilege(endpoint: Endpoint, ask: Ask) -> Privilege:
    """What has to stand before a command of this session. Raises UnreachableError when sudo refuses."""
    if not endpoint.sudo:
        return NO_SUDO
    asked = ask(_PROBE_WITHOUT, b"")
    if asked.exit_status == 0:
        return WITHOUT_PASSWORD
    if endpoint.sudo_password is None:
        raise _refused(endpoint, asked.stderr, "Name the variable that holds its password: ssh.sudo_password_env")
    with_password = Privilege(_ASKING, endpoint.sudo_password)
    asked = ask(f"{_ASKING}sh -c :", with_password.first_line())
    if asked.exit_status != 0:
        raise _refused(endpoint, asked.stderr, "Correct the password in the environment")
    return with_password


def _refused(endpoint: Endpoint, said: str, cure: str) -> UnreachableError:
    last = (said.strip() or "it said nothing").splitlines()[-1].rstrip(".")
    return UnreachableError(
        f"{endpoint.name}: sudo refuses {endpoint.user}: {last}.",
        f"{cure}, or give {endpoint.user} NOPASSWD in its sudoers.",
    )
