"""Read a keepalived.conf from this machine's disk, with the files that it includes."""

from __future__ import annotations

import codecs
import glob
import re
from pathlib import Path

from runbook_lib.artifacts import is_file
from runbook_lib.errors import ParameterError
from runbook_lib.keepalived_conf.lines import SYNTAX, Problem
from runbook_lib.keepalived_conf.model import Configuration
from runbook_lib.keepalived_conf.parser import parse_configuration

_CONTROL = re.compile(rb"[\0-\x08\x0e-\x1a\x1c-\x1f]")
"""Bytes that no text has."""
LONGEST = 16 << 20
"""Bytes; so much no keepalived.conf has, and an endless one is read no further."""


def read_configuration(file: str) -> Configuration:
    """What a file says, `FILE@HOST` where its `@host` conditions are meant for one host.

    Raises ParameterError with file and line when it is missing, binary, empty, or its braces or quotes don't match.
    """
    path, host = _path_and_host(file)
    found = parse_configuration(_text(path), path, host, _included)
    if broken := next((problem for problem in found.problems if problem.rule == SYNTAX), None):
        raise syntax_error(broken)
    return found


def syntax_error(broken: Problem) -> ParameterError:
    """The error that says where a file can't be parsed."""
    todo = "keepalived would misread what follows: correct it first."
    return ParameterError(f"{broken.place}: {broken.what}.", todo)


def _path_and_host(file: str) -> tuple[str, str]:
    path, at, host = file.rpartition("@")
    return (path, host) if at and not is_file(Path(file)) else (file, "")


def _text(path: str) -> str:
    if not path:
        raise ParameterError("A file's name is empty.", "Name two files as keepalived reads them.")
    try:
        with Path(path).open("rb") as stream:
            content = stream.read(LONGEST + 1)
    except OSError as error:
        what = f"{path} can't be read: {error.strerror or error}."
        raise ParameterError(what, "Name two files as keepalived reads them.") from error
    if len(content) > LONGEST:
        raise ParameterError(f"{path} has more than {LONGEST >> 20} MiB.", "Name two files as keepalived reads them.")
    if control := _CONTROL.search(content):
        line = content.count(b"\n", 0, control.start()) + 1
        raise ParameterError(f"{path}:{line}: it is binary.", "Name two files as keepalived reads them.")
    if content.startswith(codecs.BOM_UTF8):
        what = f"{path}:1: it begins with a byte order mark, which keepalived takes for a part of the first word."
        raise ParameterError(what, "Save it without one.")
    # Comments in another encoding are no reason to refuse a file.
    return content.decode(errors="replace")


def _included(pattern: str, by: str) -> list[tuple[str, str]]:
    """Files that match, relative to the folder of the one that includes them, in glob's sorted order."""
    folder = Path(by).parent
    names = sorted(glob.glob(str(folder / pattern)))  # noqa: PTH207 - the pattern may be absolute
    return [(name, _text(name)) for name in names if is_file(Path(name))]
