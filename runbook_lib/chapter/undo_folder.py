"""The folder of a machine that holds the undos of faults: which of its files are undos of ours, and which are not."""

from __future__ import annotations

from dataclasses import dataclass

from runbook_lib.chapter.change import Command
from runbook_lib.chapter.ownership import STATE
from runbook_lib.hosts import Host

FOLDER = f"{STATE}/faults"
# rmdir takes an empty folder only: whoever records an undo meanwhile keeps it.
_FORGET = (
    'f=%s; s=%s; rm -f -- "$f"/*.part; [ ! -e "$f" ] || rmdir -- "$f" || '
    '{ echo "$f is not empty: look there" >&2; exit 1; }; rm -rf -- "$s"'
)


@dataclass(frozen=True)
class Recorded:
    """What the folder of the undos holds."""

    records: tuple[str, ...]
    """The faults and demonstrations whose undo has not succeeded yet."""
    others: tuple[str, ...]
    """What is no undo of ours: it is named, and not run."""


def render_first_line(fault_id: str) -> str:
    """The line by which an undo says its own name: in a file of another name it is none. Pure."""
    return f"# Undoes {fault_id}. Safe to run again; it removes itself once done."


def render_each() -> str:
    """Shell that sets `$name` to each file of the folder, and `$ours` where it is an undo that says its own name."""
    return f"""\
for f in {FOLDER}/*; do
    test -e "$f" || test -L "$f" || continue
    name=${{f##*/}} ours=yes
    case $name in *.part) continue;; *[!a-z0-9-]*) ours=;; esac
    test -f "$f" && test ! -L "$f" && grep -qsxF "{render_first_line("$name")}" "$f" || ours=
"""


def render_list() -> str:
    """Shell that prints `record NAME` for each undo of ours, `other NAME` for what else is in that folder. Pure."""
    return f"""{render_each()}\
    if test -n "$ours"; then echo "record $name"; else echo "other $name"; fi
done
"""


def parse_recorded(said: str) -> Recorded:
    """What `render_list` printed. Pure."""
    lines = [line.partition(" ")[::2] for line in said.splitlines()]
    names = {kind: tuple(name for its, name in lines if its == kind) for kind in ("record", "other")}
    return Recorded(names["record"], names["other"])


def recorded(host: Host) -> Recorded:
    """What the folder of a host holds. Raises HostError."""
    return parse_recorded(host.run("sh -c %s", render_list(), shown=f"look at {FOLDER}").check().stdout)


def forget() -> Command:
    """Take away our own folder; it fails while an undo, or somebody's file, is among the undos."""
    return Command(_FORGET, (FOLDER, STATE), shown=f"rm -rf {STATE}, unless something is in {FOLDER}")
