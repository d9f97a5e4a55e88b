"""The line that sshd is given for a command: a time limit, an end when we are gone, root where sudo is needed."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from runbook_lib.outward import Secret

KILL_AFTER_S = 2.0
"""How long a command that was told to end (SIGTERM) has to do so."""

# Parsers read English, whatever the machine speaks.
_ENGLISH = "export LC_ALL=C; "
# `timeout` leads a process group of its own, and passes a SIGTERM on to all of it, once it knows its child. One that
# comes earlier ends it alone (143): then what is left of its group is told.
# The watcher ends the command when our end of stdin closes: a controller that dies leaves nothing running on its hosts.
# `read` is a builtin: killing the watcher leaves no child of it.
_WATCHED = (
    'exec 3<&0; timeout -k "$1" "$2" sh -c "$3" </dev/null 3<&- & c=$!; '
    "{ read -r nothing; kill $c; } <&3 3<&- >/dev/null 2>&1 & w=$!; "
    "exec 3<&-; wait $c; s=$?; kill $w 2>/dev/null; [ $s -ne 143 ] || kill -- -$c 2>/dev/null; exit $s"
)
# Not the last command of its shell, which would give way to it: a `timeout` that ends by a signal has no exit status.
_FED = 'timeout -k "$1" "$2" sh -c "$3"; exit $?'


@dataclass(frozen=True)
class Privilege:
    """How a session's user becomes root: what stands before the command, and sudo's password line on its stdin."""

    prefix: str = ""
    password: Secret | None = None

    def first_line(self) -> bytes:
        """What sudo reads from stdin before the command does."""
        return b"" if self.password is None else f"{self.password.reveal()}\n".encode()


NO_SUDO = Privilege()


def render_line(
    command: str, timeout_s: float, privilege: Privilege = NO_SUDO, *, fed: bool = False, mark: str = "runbook"
) -> str:
    """The line for `command` (quoted already); `fed`: it reads all of a stdin of ours; `mark`: whose it is. Pure."""
    script = _ENGLISH + (_FED if fed else _WATCHED)
    arguments = (f"{KILL_AFTER_S:g}", f"{timeout_s:.3f}", command)
    return f"exec {privilege.prefix}sh -c {shlex.quote(script)} {shlex.join((mark, *arguments))}"
