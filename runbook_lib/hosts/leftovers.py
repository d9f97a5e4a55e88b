"""Commands of ours that outlived their session: each carries a mark, by which a later session finds and ends it.

Most end with their session (remote_shell). Not those whose machine never hears of its end (lost packets say nothing),
and not those that had read all of their stdin.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from runbook_lib.hosts.quoting import quote

END_S = 30.0
UNMARKED = "runbook"
_WORD = "[^:]+"

# The mark is the first argument after the script of the outer shell, the command (encoded) the last. What runs is that
# shell's child: a `timeout`, which passes a SIGTERM on to its group. In `[r]unbook` our own line does not match itself.
# Any user of the machine can read a mark, and wear it: only processes of our own user are ended.
_END = (
    'u=$(id -u); for p in $(pgrep -u "$u" -f %s); do f=/proc/$p; [ "$(cat $f/comm 2>/dev/null)" = sh ] || continue; '
    "a() { tr '\\0' '\\n' <$f/cmdline | sed -n \"$1\"; }; m=$(a 4p); case $m in %s*) ;; *) continue;; esac; "
    "case $m in %s:*) continue;; esac; printf %%b \"$(a '$p')\" | tr '\\n' ' '; echo; "
    'pkill -TERM -u "$u" -P $p; i=0; while [ -d $f ] && [ $i -lt 50 ]; do i=$((i+1)); sleep 0.1; done; done; :'
)


@dataclass(frozen=True)
class Mark:
    """Whose a command is."""

    owner: str
    """Within its runs one may take it for granted that no other is at the site."""
    run: str = ""
    """Empty: no run's, but by hand."""
    host: str = field(default_factory=lambda: secrets.token_hex(4))
    """One object's `Host`."""

    def __str__(self) -> str:
        return f"{UNMARKED}:{self.owner}:{self.run}:{self.host}"


def ending_of_earlier_runs(mark: Mark) -> str:
    """The command that ends what other runs of this owner left, and prints a line for each. Pure."""
    start = f"{UNMARKED}:{mark.owner}:"
    return quote(_END, f"[r]unbook:{mark.owner}:{_WORD}:", start, f"{start}{mark.run}")


def ending_of_own(mark: Mark) -> str:
    """The command that ends what an earlier session of this Host left; it carries no mark itself. Pure."""
    return quote(_END, f"[r]{str(mark)[1:]}", str(mark), "none")
