"""What is ours and what was there before us: so that notebook 90 takes away the one and puts back the other.

What stood at a path before our first write is kept once, as PATH.before-runbook; where nothing stood, that is noted.
What somebody put there later, or changed by hand in a file of ours, is kept aside as PATH.aside-1, and so on: never
overwritten, and never put back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from urllib.parse import quote_plus

from runbook_lib.chapter.change import Command
from runbook_lib.hosts import Host

MARK = "Written by runbook"
"""Stands in the first lines of every file that we render."""
STATE = "/var/lib/runbook"
"""What the runbook keeps on a machine: openings in the firewall, undos of faults, what was saved, what measures."""
BEFORE = ".before-runbook"
"""Added to the name of a file or folder that stood there before our first write."""
ASIDE = ".aside-1"
"""Added to the name of the first that somebody put there later; the next one is `.aside-2`."""
REPLACED = ".runbook-old"
"""Added to the name of a folder of ours while another takes its place."""
NOTHING_STOOD = f"{STATE}/nothing-stood"
WRITTEN = f"{STATE}/written"
"""The SHA-256 of everything that we wrote at a path, one a line: one file a path."""
UNIT_RECORDS = f"{STATE}/units"
"""Whether a unit ran and was enabled before us: one file a unit."""

# By renaming: half a copy must not pass for theirs, and whoever ends this finds all of it again. A link to a file
# becomes a file (`own`): what is written next replaces it, and not the file of theirs that it leads to.
_COPIES = (
    'there() { [ -e "$1" ] || [ -L "$1" ]; }; '
    'same() { diff -rq --no-dereference -- "$p" "$1" >/dev/null 2>&1; }; '
    'copy() { rm -rf -- "$1.part" && cp -a -- "$p" "$1.part" && mv -T -- "$1.part" "$1"; }; '
    'own() { [ ! -L "$p" ] || [ ! -f "$p" ] || '
    '{ cp -pL -- "$p" "$p.runbook-own" && mv -fT -- "$p.runbook-own" "$p"; }; }; '
    'aside() { i=1; while there "$p.aside-$i" && ! same "$p.aside-$i"; do i=$((i + 1)); done; '
    'there "$p.aside-$i" || copy "$p.aside-$i"; }; '
)
_KEEP = (
    f"p=%s; b=%s; n=%s; {_COPIES}"
    'if ! there "$b" && ! there "$n"; then '
    'if there "$p"; then copy "$b"; else mkdir -p -- "${n%%/*}" && : >"$n"; fi; '
    'elif there "$p" && [ -n %s ] && ! same "$b"; then aside; fi && own'
)
_KEEP_EDITED = (
    f'p=%s; w=%s; {_COPIES}[ ! -f "$p" ] || grep -qsxF "$(sha256sum <"$p" | cut -c1-64)" "$w" || {{ aside && own; }}'
)
_NOTE_WRITTEN = 'w=%s; mkdir -p -- "${w%%/*}" && echo %s >>"$w"'
# A file is replaced by one rename; a folder can't be, so it waits under a name of ours meanwhile.
_PUT_BACK = (
    f'p=%s; b=%s; n=%s; w=%s; o="$p{REPLACED}"; '
    'there() { [ -e "$1" ] || [ -L "$1" ]; }; '
    'if ! there "$b"; then rm -rf -- "$p"; '
    'elif [ -d "$p" ] && [ ! -L "$p" ]; then rm -rf -- "$o" && mv -T -- "$p" "$o" && mv -T -- "$b" "$p"; '
    'else mv -fT -- "$b" "$p"; fi && rm -rf -- "$o" && rm -f -- "$n" "$w"'
)
# A status of theirs says "inactive", too: what counts is that a word was said. No word of the other: no such unit.
_NOTE_UNIT = (
    'u=%s; r=%s; [ -e "$r" ] || { a=$(systemctl is-active "$u"); e=$(systemctl is-enabled "$u" 2>/dev/null); '
    'case $a in ""|*[!a-z]*) echo "systemctl does not say whether $u runs" >&2; exit 1;; esac; '
    'mkdir -p -- "${r%%/*}" && printf "%%s\\n" "$a" "$e" >"$r.part" && mv -T -- "$r.part" "$r"; }'
)
_RESTORE_UNIT = (
    'u=%s; r=%s; ! grep -qx enabled "$r" || systemctl enable "$u" || exit; '
    '! grep -qxE "active|activating|reloading" "$r" || systemctl start "$u" || exit; rm -f -- "$r"'
)


def is_ours(text: str | None) -> bool:
    """Whether a file's text carries our mark. Pure."""
    return text is not None and MARK in "".join(text.splitlines(keepends=True)[:3])


def nothing_stood(path: str) -> str:
    """The file that notes that nothing stood at `path` before us. Pure."""
    return f"{NOTHING_STOOD}/{quote_plus(path)}"


def keep_theirs(path: str, *, stands: bool = True, may_be_ours: bool = False) -> Command:
    """Keep what stands at `path` before we write there. It is copied: what was there goes on working.

    `stands`: something does. `may_be_ours`: it can't be told from what we write, so it is kept the first time only.
    """
    values = (path, path + BEFORE, nothing_stood(path), "" if may_be_ours else "yes")
    aside = "" if may_be_ours else f" (a later one as {path}{ASIDE})"
    shown = f"keep {path} as {path}{BEFORE}{aside}" if stands else f"note that nothing stood at {path}"
    return Command(_KEEP, values, shown=shown)


def written(path: str) -> str:
    """The file that notes what we wrote at `path`. Pure."""
    return f"{WRITTEN}/{quote_plus(path)}"


def keep_before(path: str, found: str | None, wanted: str, *, may_be_ours: bool = False) -> tuple[Command, ...]:
    """Keep what was `found` at `path` before `wanted` is written there, unless we wrote it, as it stands. Pure."""
    if is_ours(found):
        shown = f"keep {path} as {path}{ASIDE} where it was changed by hand"
        keep = Command(_KEEP_EDITED, (path, written(path)), shown=shown)
    else:
        keep = keep_theirs(path, stands=found is not None, may_be_ours=may_be_ours)
    # Before it is written: what stands there and is not noted was changed by hand.
    digest = hashlib.sha256(wanted.encode()).hexdigest()
    return keep, Command(_NOTE_WRITTEN, (written(path), digest), shown=f"note the SHA-256 of what {path} will be")


def put_back(path: str) -> Command:
    """Take away what stands at `path`, and put back what stood there before us, if anything did."""
    shown = f"remove {path}, put back {path}{BEFORE} if it is there"
    return Command(_PUT_BACK, (path, path + BEFORE, nothing_stood(path), written(path)), shown=shown)


def restored(path: str, *, ours: bool, kept: bool) -> Iterator[Command]:
    """`path` as it was before us, where something of ours stands there or what stood there waits (`kept`). Pure.

    What somebody put there later is kept aside first, and stays where nothing was before us.
    """
    if kept and not ours:
        yield keep_theirs(path)
    if kept or ours:
        yield put_back(path)


def unit_record(unit: str) -> str:
    """Where it is noted whether a unit ran and was enabled before us. Pure."""
    return f"{UNIT_RECORDS}/{unit}"


def note_unit(unit: str) -> Command:
    """Note whether a unit runs and is enabled, unless an earlier run did."""
    return Command(_NOTE_UNIT, (unit, unit_record(unit)), shown=f"note whether {unit} runs and is enabled")


def restore_unit(unit: str) -> Command:
    """Enable and start a unit that was enabled, or ran, before us."""
    shown = f"enable and start {unit} where it was before"
    return Command(_RESTORE_UNIT, (unit, unit_record(unit)), shown=shown)


def those_there(host: Host, *paths: str) -> frozenset[str]:
    """Which of these paths exist on a host: our own names, whatever it says."""
    asked = host.run(
        f'for p in{" %s" * len(paths)}; do {{ [ -e "$p" ] || [ -L "$p" ]; }} && echo yes || echo no; done', *paths
    )
    return frozenset(path for path, said in zip(paths, asked.stdout.splitlines(), strict=False) if said == "yes")
