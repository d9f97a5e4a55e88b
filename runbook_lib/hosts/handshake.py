"""The first command of a session: what is sent arrives byte for byte, and nobody else uses the session's streams."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import NoReturn

from runbook_lib.errors import UnreachableError
from runbook_lib.hosts.endpoint import Endpoint
from runbook_lib.hosts.quoting import quote
from runbook_lib.hosts.remote_shell import NO_SUDO, Privilege
from runbook_lib.hosts.running import SAID, Completed, NotBegunError
from runbook_lib.hosts.sudo import judged_privilege, probe_command
from runbook_lib.journal import shorten

HANDSHAKE_S = 20.0
"""sudo waits 2 s after a wrong password, and more where a directory service answers slowly."""
GREETING = '# it\'s "a" \\ b! !! $HOME `id` $(id)\n# {c,d} ~ *? % %s \\0101 \\n ^e^f; & | < > \x1b é 漢'
"""Sent in the command and on stdin. Whoever takes it for commands reads comments."""
_TOKEN = "runbook"
_EATEN = 71
"""Exit status: what was first on stdin is gone."""
_TOKEN_READ = f'IFS= read -r first; [ "$first" = {_TOKEN} ] || exit {_EATEN}; '
# Ours are the descriptors 0-2 of this shell and of what it descends from, as far as that is the line that we sent.
# Whoever else has such a pipe or socket open, on any descriptor, can write into our output or read our input.
# `find` must not be found: what it descends from is skipped, and it has none of the three itself.
_HOLDERS = (
    'p=$$; chain=\' \'; set --; ours=yes; while [ "$p" -gt 1 ]; do chain="$chain$p "; '
    "read -r name 2>/dev/null </proc/$p/comm || break; "
    "case $name in sh|timeout|sudo*) ;; *) ours=;; esac; "
    'if [ "$ours" ]; then for d in 0 1 2; do l=$(readlink /proc/$p/fd/$d); n=${l#*:?}; '
    'set -- "$@" -o -lname "${l%%:*}:?${n%?}?"; done; fi; '
    'while read -r key value; do [ "$key" != PPid: ] || { p=$value; break; }; done </proc/$p/status; done; shift; '
    "for f in $(exec find /proc/[0-9]*/fd -maxdepth 1 '(' \"$@\" ')' </dev/null 2>/dev/null); do "
    'p=${f#/proc/}; p=${p%%/*}; case $chain in *" $p "*) continue ;; esac; chain="$chain$p "; '
    "echo; tr '\\0\\n' '  ' </proc/$p/cmdline; done"
)

Ask = Callable[[str, Privilege, bytes, bytes], Completed]
"""Runs a command with a privilege; what goes to its stdin at once, and when it has begun. Raises HostError."""
ShellOf = Callable[[], str]
"""What the machine says of the user's login shell: its path, empty when it doesn't say."""

_FILES = {
    "bash": "~/.bashrc, ~/.ssh/rc",
    "zsh": "~/.zshenv, ~/.ssh/rc",
    "csh": "~/.cshrc, ~/.ssh/rc",
    "tcsh": "~/.tcshrc, ~/.cshrc, ~/.ssh/rc",
    "fish": "~/.config/fish/config.fish, ~/.ssh/rc",
}
_OTHER_FILES = "~/.ssh/rc, /etc/ssh/sshrc"


def handshake(endpoint: Endpoint, ask: Ask, shell_of: ShellOf) -> Privilege:
    """What has to stand before a command of this session.

    Raises UnreachableError, which names the login shell and its start files, when they change or read what is sent, or
    when a process that they started holds the session's streams.
    """
    fault = _Fault(endpoint, shell_of)
    try:
        privilege = _privilege(endpoint, ask, fault) if endpoint.sudo else NO_SUDO
        first = "" if endpoint.sudo else _TOKEN_READ
        command = quote(f"{first}printf %%s %s; cat; ", GREETING) + _HOLDERS
        head = b"" if endpoint.sudo else f"{_TOKEN}\n".encode()
        done = ask(command, privilege, head, GREETING.encode())
    except NotBegunError as error:
        fault.raise_not_begun(error)
    _judge(done, fault)
    return privilege


def _privilege(endpoint: Endpoint, ask: Ask, fault: _Fault) -> Privilege:
    password = Privilege(password=endpoint.sudo_password).first_line()
    probed = ask(_TOKEN_READ + probe_command(endpoint), NO_SUDO, f"{_TOKEN}\n".encode(), password)
    if probed.exit_status == _EATEN:
        fault.raise_eaten()
    return judged_privilege(endpoint, probed)


def _judge(done: Completed, fault: _Fault) -> None:
    if done.exit_status == _EATEN:
        fault.raise_eaten()
    said = done.stdout.removeprefix(GREETING * 2)
    if done.exit_status != 0 or done.stderr or said == done.stdout:
        fault.raise_changed()
    if holders := said.split("\n")[1:]:
        fault.raise_held(holders[0].strip())


@dataclass(frozen=True)
class _Fault:
    """What is wrong with a login shell, told with its name and its start files."""

    endpoint: Endpoint
    shell_of: ShellOf

    def raise_not_begun(self, cause: NotBegunError) -> NoReturn:
        files, whose = self._shell()
        raise UnreachableError(
            f"{self.endpoint.name}: {whose} runs no command: {cause.noise}.",
            f"See whether its start files ({files}) end, wait for input or start another shell, or choose another: "
            f"chsh -s /bin/bash {self.endpoint.user}",
        ) from cause

    def raise_eaten(self) -> NoReturn:
        files, whose = self._shell()
        raise UnreachableError(
            f"{self.endpoint.name}: {whose} reads the input of commands in its start files.",
            f"Have nothing read stdin in {files}: `COMMAND </dev/null`.",
        )

    def raise_changed(self) -> NoReturn:
        files, whose = self._shell()
        raise UnreachableError(
            f"{self.endpoint.name}: a command or its output does not pass {whose} byte for byte.",
            f"See what its start files ({files}) redirect or trace, or choose another: "
            f"chsh -s /bin/bash {self.endpoint.user}",
        )

    def raise_held(self, holder: str) -> NoReturn:
        files, whose = self._shell()
        raise UnreachableError(
            f"{self.endpoint.name}: a process that {whose} started still holds the session's streams: "
            f"`{shorten(holder, SAID) or 'its command line is empty'}`.",
            f"Redirect it where it is started ({files}): `JOB </dev/null >/dev/null 2>&1 &`.",
        )

    def _shell(self) -> tuple[str, str]:
        shell = self.shell_of()
        files = _FILES.get(PurePosixPath(shell).name, _OTHER_FILES)
        whose = f"{self.endpoint.user}'s login shell{f' {shell}' if shell else ''}"
        return files, whose


def parse_login_shell(answer: str, user: str) -> str:
    """The shell in the line that `getent passwd USER` prints, whatever stands around it; empty without one. Pure."""
    # Noise may stand before it on its line, where it has no newline.
    found = re.findall(rf"{re.escape(user)}:[^:\n]*:\d+:\d+:[^:\n]*:[^:\n]*:(/[\w./+-]+)$", answer, re.MULTILINE)
    return str(found[-1]) if found else ""
