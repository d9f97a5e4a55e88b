"""The lines of a keepalived.conf as keepalived sees them: comments gone, conditions, definitions, includes resolved.

The rules are keepalived.conf(5)'s and those of lib/parser.c in keepalived 2.1.5. Pure: files come from who calls.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

_PIECE = re.compile(r'"(?:\\.|[^"\\])*"?|\\.|\\$|[#!].*|[^"\\#!]+')
_CONDITION = re.compile(r"@(\^?)(\S+)[ \t]+(.*)")
_DEFINITION = re.compile(r"\$([A-Za-z_]\w*)[ \t]*=[ \t]*(.*)", re.ASCII | re.DOTALL)
_USE = re.compile(r"\$(?:\{([A-Za-z_]\w*)[ \d]*\}|([A-Za-z_]\w*)(?=[ \t,)]|$))", re.ASCII)
_SEQUENCE = re.compile(r"~SEQ(x?)[ \t]*\(\s*(\w+)\s*,([^)]*)\)[ \t]*(.*)", re.ASCII)
_INCLUDE = re.compile(r"include[rmwba]?[ \t]+(.*)")
_BUILT_IN = {"_HASH": ("#",), "_BANG": ("!",), "_PWD": ("",), "_INSTANCE": ("",), "_RANDOM": ("0",)}
DEEPEST = 50
"""Includes and definitions inside each other; more are a loop."""
LONGEST = 10_000
"""What a ~SEQ may stand for: no machine has so many instances."""

SYNTAX = "syntax"


@dataclass(frozen=True)
class Place:
    """Where something stands."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True)
class Line:
    """What keepalived reads: text without a comment, and where it stands (a definition's lines: where it is used)."""

    text: str
    place: Place


@dataclass(frozen=True)
class Problem:
    """Something that could not be read, or was not: rule `syntax` means that the rest can't be trusted."""

    place: Place
    rule: str
    what: str


Include = Callable[[str, str], list[tuple[str, str]]]
"""Of a pattern and the file that includes it: names and texts of the files that match."""


@dataclass
class LineReader:
    """Reads one node's file and what it includes; `host` is what `@host` conditions are compared with ("": nobody)."""

    host: str
    include: Include | None
    """None: the text came alone, so includes can't be read."""
    problems: list[Problem] = field(default_factory=list)
    _definitions: dict[str, tuple[str, ...]] = field(default_factory=lambda: dict(_BUILT_IN))
    _files: list[str] = field(default_factory=list)
    _depth: int = 0

    def read(self, file: str, text: str) -> Iterator[Line]:
        """Every line of a file's text, those of its includes in their place."""
        self._files.append(file)
        physical = ((n, self._uncommented(raw, Place(file, n))) for n, raw in enumerate(text.split("\n"), 1))
        for number, bare in physical:
            whole = bare
            if _definition_goes_on(bare):
                for _, more in physical:
                    whole += "\n" + more
                    if not more.endswith("\\"):
                        break
            yield from self._expand(whole, Place(file, number))
        self._files.pop()

    def _uncommented(self, raw: str, place: Place) -> str:
        kept = []
        for piece in _PIECE.findall(raw):
            if piece[0] in "#!":
                break
            if piece[0] == '"' and (len(piece) < 2 or piece[-1] != '"'):
                self._add(place, SYNTAX, "a quote is not closed")
            kept.append(piece[1] if piece in ("\\#", "\\!") else piece)
        return "".join(kept).strip(string.whitespace)

    def _expand(self, text: str, place: Place) -> Iterator[Line]:
        """The lines that one line stands for: none, itself, a definition's, a sequence's or a file's."""
        if self._depth > DEEPEST:
            self._add(place, SYNTAX, "definitions or includes lead back to themselves")
            return
        self._depth += 1
        text = self._for_this_host(text, place)
        if found := _DEFINITION.match(text):
            self._define(found[1], found[2])
        elif found := _SEQUENCE.match(text):
            yield from self._sequence(found, place)
        elif text.startswith("~"):
            self._add(place, "not-read", f"{text.split('(')[0]} is not understood here")
        elif "$" in text and (used := self._replaced(text)) != (text,):
            for line in used:
                yield from self._expand(line, place)
        elif found := _INCLUDE.match(text):
            yield from self._included(found[1].strip('"'), place)
        elif text:
            yield Line(text, place)
        self._depth -= 1

    def _for_this_host(self, text: str, place: Place) -> str:
        """The line without its `@host` or `@^host`; nothing where that is another host's."""
        while found := _CONDITION.match(text):
            if not self.host and not any(p.rule == "condition" for p in self.problems):
                what = f"lines for @{found[1]}{found[2]} and others depend on the host: name it, as FILE@HOST"
                self._add(place, "condition", what)
            text = found[3] if (found[2] == self.host) != bool(found[1]) else ""
        return "" if text.startswith("@") else text

    def _define(self, name: str, value: str) -> None:
        lines = [line.removesuffix("\\").rstrip() for line in value.split("\n")]
        self._definitions[name] = tuple(line for line in lines if line) or ("",)

    def _replaced(self, text: str) -> tuple[str, ...]:
        """The text with its first known definition replaced: several lines where that is the last word and has them."""
        for use in _USE.finditer(text):
            value = self._definitions.get(use[1] or use[2])
            if value and (len(value) == 1 or use.end() == len(text)):
                return (text[: use.start()] + value[0] + text[use.end() :], *value[1:])
        return (text,)

    def _sequence(self, found: re.Match[str], place: Place) -> Iterator[Line]:
        """`~SEQ(name, [start, [step,]] end) text`: the text once for each number."""
        try:
            numbers = [int(word, 0) for word in self._replaced(found[3])[0].split(",")]
            start, step, end = _bounds(numbers)
            values = range(start, end + (1 if step > 0 else -1), step)
        except ValueError:
            self._add(place, SYNTAX, "~SEQ needs whole numbers: ~SEQ(name, start, step, end)")
            return
        if (count := abs(end - start) // abs(step) + 1) > LONGEST:
            self._add(place, SYNTAX, f"~SEQ stands for {count} lines, more than {LONGEST}")
            return
        for value in values:
            self._definitions[found[2]] = (f"{value:x}" if found[1] else str(value),)
            yield from self._expand(found[4], place)

    def _included(self, pattern: str, place: Place) -> Iterator[Line]:
        if self.include is None:
            self._add(place, "include-unread", f"include {pattern} was not read")
            return
        files = self.include(pattern, place.file)
        if not files:
            self._add(place, "include-missing", f"include {pattern} matches no file")
        for file, text in files:
            if file in self._files:
                self._add(place, SYNTAX, f"include {pattern} leads back to {file}")
            else:
                yield from self.read(file, text)

    def _add(self, place: Place, rule: str, what: str) -> None:
        self.problems.append(Problem(place, rule, what))


def _definition_goes_on(bare: str) -> bool:
    return bare.endswith("\\") and _DEFINITION.match(bare.partition(" ")[2] if bare[0] == "@" else bare) is not None


def _bounds(numbers: list[int]) -> tuple[int, int, int]:
    """Start, step and end; raises ValueError for another count, or a step that leads nowhere."""
    if len(numbers) == 3:
        start, step, end = numbers
    else:
        start, end = numbers if len(numbers) == 2 else (1, *numbers)
        step = 1 if start <= end else -1
    if step == 0 or (end - start) * step < 0:
        raise ValueError(step)
    return start, step, end
