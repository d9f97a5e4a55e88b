"""Values enter a command line only through quoting slots."""

from __future__ import annotations

import shlex

from runbook_lib.outward import Secret


def quote(command: str, *values: object) -> str:
    """`command` with each `%s` slot filled by a shell-quoted value; `%%` is a percent sign. Pure.

    Raises TypeError or ValueError for a programming error: slots and values differ in number, a value that has no
    place in a command line (nothing, bytes, a secret: every user of the machine can read those).
    """
    return command % tuple(_quoted(value) for value in values)


def _quoted(value: object) -> str:
    if value is None or isinstance(value, bytes | Secret):
        raise TypeError(f"a {type(value).__name__} has no place in a command line: give it on stdin")
    text = str(value)
    if "\0" in text:
        raise ValueError("a NUL can't be a part of a command line")
    return shlex.quote(text)
