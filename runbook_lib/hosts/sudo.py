"""How the user of a session becomes root: asked once a session, so that no command waits for a password."""

from __future__ import annotations

from runbook_lib.errors import UnreachableError
from runbook_lib.hosts.endpoint import Endpoint
from runbook_lib.hosts.remote_shell import Privilege
from runbook_lib.hosts.running import Completed, last_line

# -k: a password that sudo remembers from a minute ago would make it skip the password line, and the command read it.
WITHOUT_PASSWORD = Privilege("sudo -n -- ")
ASKING = "sudo -k -S -p '' -- "
_WITHOUT, _WITH = 10, 11
"""Exit statuses of our probe: sudo wants no password; it takes the one that it was given on stdin."""
_UNASKED = f"sudo -k -n -- /bin/sh -c : </dev/null && exit {_WITHOUT}; "
_ASKED = f"2>/dev/null {_UNASKED}{ASKING}/bin/sh -c : && exit {_WITH}; "


def probe_command(endpoint: Endpoint) -> str:
    """The command whose exit status tells how the user becomes root; it reads a password that is stated. Pure."""
    return (_UNASKED if endpoint.sudo_password is None else _ASKED) + "exit 1"


def judged_privilege(endpoint: Endpoint, probed: Completed) -> Privilege:
    """What has to stand before a command of this session. Raises UnreachableError when sudo refuses. Pure."""
    if probed.exit_status == _WITHOUT:
        return WITHOUT_PASSWORD
    if probed.exit_status == _WITH:
        return Privilege(ASKING, endpoint.sudo_password)
    if endpoint.sudo_password is None:
        fix = "Name the variable that holds its password: ssh.sudo_password_env"
    else:
        fix = "Correct the password in the environment"
    raise UnreachableError(
        f"{endpoint.name}: sudo refuses {endpoint.user}: {last_line(probed.stderr)}.",
        f"{fix}, or give {endpoint.user} NOPASSWD in its sudoers.",
    )
