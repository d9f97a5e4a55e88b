"""What is ours and what was there before us: so that notebook 90 takes away the one and puts back the other."""

from __future__ import annotations

from runbook_lib.chapter.change import Command

MARK = "Written by runbook"
"""Stands in the first lines of every file that we render."""
STATE = "/var/lib/runbook"
"""What the runbook keeps on a machine: openings in the firewall, undos of faults, what was saved, what measures."""
BEFORE = ".before-runbook"
"""Added to the name of a file or folder that was not ours when we replaced it."""


def is_ours(text: str | None) -> bool:
    """Whether a file's text carries our mark. Pure."""
    return text is not None and MARK in "".join(text.splitlines(keepends=True)[:3])


def keep_theirs(path: str) -> Command:
    """Keep what stands at `path` under another name, unless an earlier run did. It isn't moved: it goes on working."""
    kept, part = path + BEFORE, f"{path}{BEFORE}.part"
    # By renaming: half a copy must not pass for theirs.
    values = (kept, part, path, part, part, kept)
    return Command(
        "[ -e %s ] || { rm -rf %s && cp -a %s %s && mv -T %s %s; }", values, shown=f"keep {path} as {path}{BEFORE}"
    )


def put_back(path: str) -> Command:
    """Take away what stands at `path`, and put back what stood there before us, if anything did."""
    values = (path, path + BEFORE, path + BEFORE, path)
    shown = f"remove {path}, put back {path}{BEFORE} if it is there"
    return Command("rm -rf %s && if [ -e %s ]; then mv %s %s; fi", values, shown=shown)
