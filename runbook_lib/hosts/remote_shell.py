"""The line that sshd is given for a command: unchanged by any login shell, framed, limited in time, as root."""

from __future__ import annotations

from dataclasses import dataclass

from runbook_lib.errors import HostError
from runbook_lib.outward import Secret

KILL_AFTER_S = 2.0
"""How long a command that was told to end (SIGTERM) has to do so."""
LINE_BYTES = (128 << 10) - 1
"""Linux's limit for one argument (MAX_ARG_STRLEN); a login shell is given the whole line as one."""

# In single quotes all printable ASCII means itself to every shell, but for these three: tcsh expands `!` there, fish
# reads `\`, and the quote ends it. They travel as printf's octal escapes, as control characters and non-ASCII bytes do.
_PLAIN = frozenset(range(0x20, 0x7F)) - frozenset(b"'\\!")
_CODES = tuple(chr(byte) if byte in _PLAIN else f"\\0{byte:03o}" for byte in range(256))

# $1: this script itself; $2: the nonce; $3: seconds until SIGKILL; $4: seconds until SIGTERM; $5: the command.
# Parsers read English, whatever the machine speaks.
_BEGIN = 'export LC_ALL=C; r=$(printf %b "$5"); printf "\\n%s\\n" "$2"; printf "\\n%s\\n" "$2" >&2; '
# `timeout` leads a process group of its own, and passes a SIGTERM on to all of it, once it knows its child. One that
# comes earlier ends it alone (143): then what is left of its group is told.
# The watcher ends the command when our end of stdin closes: a controller that dies leaves nothing running on its hosts.
# `read` is a builtin: killing the watcher leaves no child of it.
_WATCHED = (
    'exec 3<&0; timeout -k "$3" "$4" /bin/sh -c "$r" </dev/null 3<&- & c=$!; '
    "{ read -r nothing; kill $c; } <&3 3<&- >/dev/null 2>&1 & w=$!; "
    "exec 3<&-; wait $c; s=$?; kill $w 2>/dev/null; [ $s -ne 143 ] || kill -- -$c 2>/dev/null; exit $s"
)
# Not the last command of its shell, which would give way to it: a `timeout` that ends by a signal has no exit status.
_FED = 'timeout -k "$3" "$4" /bin/sh -c "$r"; exit $?'


@dataclass(frozen=True)
class Privilege:
    """How a session's user becomes root: what stands before the command, and sudo's password line on its stdin."""

    prefix: str = ""
    password: Secret | None = None

    def first_line(self) -> bytes:
        """What sudo reads from stdin before the command does."""
        return b"" if self.password is None else f"{self.password.reveal()}\n".encode()


@dataclass(frozen=True)
class Line:
    """What sshd is given, and the nonce after which a stream is the command's; without one all of it is."""

    text: str
    nonce: str = ""


NO_SUDO = Privilege()


def render_line(
    command: str,
    timeout_s: float,
    privilege: Privilege = NO_SUDO,
    *,
    nonce: str,
    fed: bool = False,
    mark: str = "runbook",
) -> Line:
    """The line for `command` (quoted already); `fed`: it reads all of a stdin of ours; `mark`: whose it is. Pure.

    Raises HostError when the command is too long for one.
    """
    script = encode(_BEGIN + (_FED if fed else _WATCHED))
    text = (
        f"""exec {privilege.prefix}/bin/sh -c 'eval "$(printf %b "$1")"' """
        f"'{encode(mark)}' '{script}' {nonce} {KILL_AFTER_S:g} {timeout_s:.3f} '{encode(command)}'"
    )
    if len(text) > LINE_BYTES:
        raise HostError(
            f"A command is too long to be sent: {len(text)} bytes as encoded, {LINE_BYTES} are possible.",
            "Give its long part on stdin, or write it to a file there first.",
        )
    return Line(text, nonce)


def encode(text: str) -> str:
    """`text` so that any login shell passes it on in single quotes, and `printf %b` gives it back. Pure."""
    return "".join(_CODES[byte] for byte in text.encode(errors="surrogateescape"))
