"""A keepalived.conf as a tree of statements, each with its file and line. Pure.

The one maintained parser, keepalived-config (PyPI, 0.2.1), lists includes as still to come, and mentions neither
conditions nor definitions nor line numbers, which the linter lives on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from runbook_lib.keepalived_conf.lines import SYNTAX, Include, Line, LineReader, Place, Problem

_TOKEN = re.compile(r'"([^"]*)"|([{}])|((?:\$\{[^}]*\}|[^\s"{}])+)', re.ASCII)
"""A quoted word, a brace, or a bare word (with definitions in it that nobody made)."""


@dataclass(frozen=True)
class Statement:
    """One statement, with those inside its braces."""

    words: tuple[str, ...]
    place: Place
    body: tuple[Statement, ...] = ()

    @property
    def keyword(self) -> str:
        """Its first word."""
        return self.words[0]

    @property
    def name(self) -> str:
        """Its second word; empty: it has none."""
        return self.words[1] if len(self.words) > 1 else ""

    def all(self, keyword: str) -> tuple[Statement, ...]:
        """Every statement inside that begins with `keyword`."""
        return tuple(inner for inner in self.body if inner.keyword == keyword)

    def last(self, keyword: str) -> Statement | None:
        """The one that counts of several: the last, as keepalived does."""
        found = self.all(keyword)
        return found[-1] if found else None

    def value(self, keyword: str, default: str = "") -> str:
        """The word after `keyword`."""
        found = self.last(keyword)
        return found.name if found and found.name else default

    def has(self, keyword: str) -> bool:
        """Whether a statement inside begins with `keyword`; `keyword off` says that it doesn't."""
        found = self.last(keyword)
        return found is not None and found.name not in ("false", "off", "no")

    def place_of(self, keyword: str) -> Place:
        """Where the one that counts stands; where it is missing, the block itself."""
        found = self.last(keyword)
        return found.place if found else self.place

    def inside(self, keyword: str) -> tuple[Statement, ...]:
        """What stands in the braces of every `keyword { … }`."""
        return tuple(inner for block in self.all(keyword) for inner in block.body)


@dataclass(frozen=True)
class Tree:
    """A whole file: its statements, and what could not be read."""

    top: Statement
    """Without words; its body is the file's statements."""
    problems: tuple[Problem, ...]


def parse_statements(text: str, file: str, host: str = "", include: Include | None = None) -> Tree:
    """The tree of a file's text, as much of it as there is: broken braces are among its problems. Pure."""
    reader = LineReader(host, include)
    problems: list[Problem] = []
    body = _build(reader.read(file, text), problems)
    problems += reader.problems
    if not body and not problems:
        problems.append(Problem(Place(file, 1), SYNTAX, "there is no statement in it"))
    return Tree(Statement((), Place(file, 1), body), tuple(problems))


@dataclass
class _Open:
    """A block whose closing brace is still to come."""

    words: tuple[str, ...]
    place: Place
    before: list[Statement]
    """The statements beside it."""


def _build(lines: Iterable[Line], problems: list[Problem]) -> tuple[Statement, ...]:
    found: list[Statement] = []
    opened: list[_Open] = []
    headless = True
    """No statement stands before the next brace."""
    for words, place in _pieces(lines):
        if words == "{":
            if headless:
                problems.append(Problem(place, SYNTAX, "'{' follows no keyword"))
                found.append(Statement(("{",), place))
            header = found.pop()
            opened.append(_Open(header.words, header.place, found))
            found, headless = [], True
        elif words == "}" and opened:
            block = opened.pop()
            found = [*block.before, Statement(block.words, block.place, tuple(found))]
            headless = True
        elif words == "}":
            problems.append(Problem(place, SYNTAX, "'}' closes nothing"))
        else:
            found.append(Statement(tuple(words), place))
            headless = False
    while opened:
        block = opened.pop()
        problems.append(Problem(block.place, SYNTAX, f"the '{{' of {' '.join(block.words)} is never closed"))
        found = [*block.before, Statement(block.words, block.place, tuple(found))]
    return tuple(found)


def _pieces(lines: Iterable[Line]) -> Iterator[tuple[list[str] | str, Place]]:
    """Each run of words, and each brace outside of quotes."""
    for line in lines:
        words: list[str] = []
        for token in _TOKEN.finditer(line.text):
            if not token[2]:
                words.append(token[1] if token[3] is None else token[3])
                continue
            if words:
                yield words, line.place
            words = []
            yield token[2], line.place
        if words:
            yield words, line.place
