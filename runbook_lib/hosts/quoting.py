"""Values enter a command line only through quoting slots. And the two shells that every command runs in."""

from __future__ import annotations

import shlex

from runbook_lib.hosts.endpoint import Endpoint

MARK = "--runbook-stdin--"
KILL_AFTER_S = 2

# Ends the command when our end of stdin closes: a controller that dies leaves nothing running on its hosts.
# `timeout` passes SIGTERM on to all of the command's group; `read` is a builtin: killing the watcher leaves no child.
_WATCHED = (
    "exec 3<&0; setsid timeout -k {kill_after} {timeout} sh -c {command} </dev/null 3<&- & c=$!; "
    "(while read -r _ <&3; do :; done; kill -TERM $c) >/dev/null 2>&1 & w=$!; "
    "wait $c; s=$?; kill $w 2>/dev/null; exit $s"
)
# sudo may or may not have read the password line: what the command is to read begins after the mark.
_FED = (
    'while IFS= read -r l; do [ "$l" = {mark} ] && break; done; exec timeout -k {kill_after} {timeout} sh -c {command}'
)


def quote(command: str, *values: object) -> str:
    """`command` with each `%s` slot filled by a shell-quoted value; `%%` is a percent sign. Pure.

    Raises TypeError when slots and values differ in number: a programming error.
    """
    return command % tuple(shlex.quote(str(value)) for value in values)


def render_command(endpoint: Endpoint, command: str, timeout_s: float, *, fed: bool) -> str:
    """The line that sshd is given for `command` (already quoted); `fed`: it reads a stdin of ours. Pure."""
    shell = (_FED if fed else _WATCHED).format(
        mark=MARK, kill_after=KILL_AFTER_S, timeout=f"{timeout_s:g}", command=shlex.quote(command)
    )
    line = f"sh -c {shlex.quote(shell)}"
    if not endpoint.sudo:
        return line
    return f"sudo -S -p '' -- {line}" if endpoint.sudo_password else f"sudo -n -- {line}"


def render_stdin(endpoint: Endpoint, *, fed: bool) -> bytes:
    """What goes to the command's stdin before its own: sudo's password line, and the mark. Pure but for the secret."""
    password = f"{endpoint.sudo_password.reveal()}\n" if endpoint.sudo and endpoint.sudo_password else ""
    return (password + (f"{MARK}\n" if fed else "")).encode()
