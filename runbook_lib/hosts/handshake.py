"""The first command of a session: what is sent arrives byte for byte, and nobody else uses the session's streams."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import NoReturn

from runbook_lib.errors import UnreachableError
from runbook_lib.hosts.endpoint import Endpoint
from runbook_lib.hosts.framing import NOISE_BYTES, Enough, Sink
from runbook_lib.hosts.quoting import quote
from runbook_lib.hosts.remote_shell import NO_SUDO, Privilege
from runbook_lib.hosts.running import Completed, NotBegunError, quoted
from runbook_lib.hosts.sudo import judged_privilege, probe_command

HANDSHAKE_S = 20.0
"""sudo waits 2 s after a wrong password, and more where a directory service answers slowly."""
GREETING = '# it\'s "a" \\ b! !! $HOME `id` $(id)\n# {c,d} ~ *? % %s \\0101 \\n ^e^f; & | < > \x1b é 漢'
"""Sent in the command and on stdin. Whoever takes it for commands reads comments."""
_TOKEN = "runbook"
_HELD = "held by"
_EATEN = 71
"""Exit status: what was first on stdin is gone."""
# Ours are the descriptors 0-2 of this shell and of what it descends from, as far as that is the line that we sent.
# Whoever else has such a pipe or socket open, on any descriptor, can write into our output or read our input.
# `find` must not be found: what it descends from is skipped, and it has none of the three itself.
_ALONE = (
    f'IFS= read -r first; [ "$first" = {_TOKEN} ] || exit {_EATEN}; '
    'p=$$; chain=\' \'; set --; ours=yes; while [ "$p" -gt 1 ]; do chain="$chain$p "; '
    "read -r name 2>/dev/null </proc/$p/comm || break; "
    "case $name in sh|timeout|sudo*) ;; *) ours=;; esac; "
    'if [ "$ours" ]; then for d in 0 1 2; do l=$(readlink /proc/$p/fd/$d); n=${l#*:?}; '
    'set -- "$@" -o -lname "${l%%:*}:?${n%?}?"; done; fi; '
    'while read -r key value; do [ "$key" != PPid: ] || { p=$value; break; }; done </proc/$p/status; done; shift; '
    "for f in $(exec find /proc/[0-9]*/fd -maxdepth 1 '(' \"$@\" ')' </dev/null 2>/dev/null); do "
    'p=${f#/proc/}; p=${p%%/*}; case $chain in *" $p "*) continue ;; esac; chain="$chain$p "; '
    f"printf '\\n{_HELD} %s\\n' \"$(tr '\\0\\n' '  ' </proc/$p/cmdline | head -c 500)\"; exit {_EATEN}; done; "
)

Ask = Callable[[str, Privilege, bytes, bytes, Sink | None], Completed]
"""Runs a command with a privilege; what goes to its stdin at once, and when it has begun; where its stdout goes.

Raises HostError, and what the sink raises.
"""
ShellOf = Callable[[], str]
"""What the machine says of the user's login shell: its path, empty when it doesn't say."""

_FILES = {  # that a shell reads which is given one command
    "bash": "~/.bashrc",
    "zsh": "~/.zshenv",
    "csh": "~/.cshrc",
    "tcsh": "~/.tcshrc, ~/.cshrc",
    "fish": "~/.config/fish/config.fish",
    "": "~/.bashrc, ~/.zshenv, ~/.cshrc, ~/.config/fish/config.fish",
}
_OF_SSHD = "~/.ssh/rc"


def handshake(endpoint: Endpoint, ask: Ask, shell_of: ShellOf) -> Privilege:
    """What has to stand before a command of this session.

    Raises UnreachableError, which names the login shell and its start files, when they change or read what is sent, or
    when a process that they started holds the session's streams.
    """
    refusal = _Refusal(endpoint, shell_of)
    try:
        if not endpoint.sudo:
            return _greeted(ask, NO_SUDO, refusal)
        # Before sudo is given a password: whoever reads our input would read it.
        password = Privilege(password=endpoint.sudo_password).first_line()
        probed = _asked(ask, _ALONE + probe_command(endpoint), NO_SUDO, password, refusal)[0]
        return _greeted(ask, judged_privilege(endpoint, probed), refusal)
    except NotBegunError as error:
        refusal.raise_not_begun(error)


def _greeted(ask: Ask, privilege: Privilege, refusal: _Refusal) -> Privilege:
    """The privilege, with which the greeting came back unchanged."""
    command = _ALONE + quote("printf %%s %s; cat", GREETING)
    done, said = _asked(ask, command, privilege, GREETING.encode(), refusal)
    if done.exit_status != 0 or done.stderr or said != 2 * GREETING.encode():
        refusal.raise_changed()
    return privilege


def _asked(ask: Ask, command: str, privilege: Privilege, body: bytes, refusal: _Refusal) -> tuple[Completed, bytes]:
    answer = _Answer()
    try:
        done = ask(command, privilege, f"{_TOKEN}\n".encode(), body, answer.add)
    except _HeldError as held:
        refusal.raise_held(held.holder)
    if done.exit_status == _EATEN:
        refusal.raise_eaten()
    return done, bytes(answer.said)


class _HeldError(Enough):
    """A process holds the session's streams; it may write for ever: there is no end to wait for."""

    def __init__(self, holder: str) -> None:
        super().__init__(holder)
        self.holder = holder


class _Answer:
    """What comes back of the greeting."""

    def __init__(self) -> None:
        self.said = bytearray()

    def add(self, chunk: bytes) -> None:
        """Take a piece of it. Raises _HeldError."""
        self.said += chunk
        if held := re.search(rb"\n%s ([^\n]*)\n" % _HELD.encode(), self.said):
            raise _HeldError(held[1].decode(errors="replace").strip())


@dataclass(frozen=True)
class _Refusal:
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
            f"{quoted(holder)}.",
            f"Redirect it where it is started ({files}): `JOB </dev/null >/dev/null 2>&1 &`.",
        )

    def _shell(self) -> tuple[str, str]:
        shell = self.shell_of()
        own = _FILES.get(PurePosixPath(shell).name)
        files = f"{own}, {_OF_SSHD}" if own else _OF_SSHD
        whose = f"{self.endpoint.user}'s login shell{f' {shell}' if shell else ''}"
        return files, whose


class LoginShell:
    """The shell of a user, in what `getent passwd USER` prints and whatever stands around that."""

    def __init__(self, user: str) -> None:
        # Noise without a newline may stand before it on its line.
        self._line = re.compile(rf"{re.escape(user)}:[^:\n]*:\d+:\d+:[^:\n]*:[^:\n]*:(/[\w./+-]+)\n".encode())
        self._said = b""
        self.shell = ""
        """Empty: it was not told."""

    def add(self, chunk: bytes) -> None:
        """Take a piece of it. Raises Enough when it was told."""
        self._said = (self._said + chunk)[-len(chunk) - NOISE_BYTES :]
        if found := self._line.search(self._said):
            self.shell = found[1].decode()
            raise Enough
