"""Rules about one file's words: what `keepalived -t` says of them, without a keepalived. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from runbook_lib.checks.config_findings import Finding, Level, NodeConfiguration, error
from runbook_lib.checks.config_vocabulary import CHOICES, KNOWN, NEED_A_VALUE, TOP
from runbook_lib.keepalived_conf.lines import SYNTAX
from runbook_lib.keepalived_conf.numbers import RANGES, TRACKED_WEIGHT
from runbook_lib.keepalived_conf.statements import Statement

VALUE = "value"
"""The rule about a value that keepalived ignores."""
_DEFINITION = re.compile(r"\$\{?[A-Za-z_]")
_ANY_TEXT = ("auth_pass", "notify", "notify_master", "notify_backup", "notify_fault", "notify_stop")
"""What follows them may hold a `$` of its own."""
_CURES = {
    SYNTAX: "keepalived misreads what follows: correct it first.",
    "include-missing": "Give the file, or take the include out: keepalived goes on without it.",
    "include-unread": "Lint the files themselves: `runbook lint FILE_A FILE_B` reads includes.",
    "condition": "Say which host each file is for.",
    "not-read": "Look at what it makes by yourself.",
}


def unread(node: NodeConfiguration) -> Iterator[Finding]:
    """What the parser could not read, or did not."""
    for problem in node.configuration.problems:
        level = Level.ERROR if problem.rule in (SYNTAX, "include-missing") else Level.WARN
        text = f"{node.name}: {problem.what}"
        yield Finding(level, problem.rule, text, _CURES[problem.rule], (problem.place,))


def words(node: NodeConfiguration) -> Iterator[Finding]:
    """Unknown keywords, missing values, values out of their range, definitions that nobody made."""
    top = node.configuration.top
    yield from _block(node.name, top, TOP)
    for statement in top.body:
        if statement.keyword in KNOWN:
            yield from _block(node.name, statement, statement.keyword)
        if statement.keyword == "vrrp_instance":
            for auth in statement.all("authentication"):
                yield from _block(node.name, auth, "authentication")
            yield from _undefined(node.name, statement)
    for instance in node.configuration.instances:
        for tracked in instance.tracked + instance.tracked_others:
            if tracked.statement:
                yield from _tracked_weight(node.name, tracked.statement)


def _block(node: str, block: Statement, kind: str) -> Iterator[Finding]:
    where = f" in {kind}" if kind else ""
    for said in block.body:
        if said.keyword not in KNOWN[kind]:
            near = difflib.get_close_matches(said.keyword, KNOWN[kind], n=1)
            cure = f"Did you mean {near[0]!r}?" if near else "keepalived ignores it: take it out."
            yield error("unknown-keyword", f"{node}: {said.keyword} is no keyword{where}", cure, said.place)
        elif (wrong := _value(said, kind)) and not _DEFINITION.search(said.name):
            yield error(VALUE, f"{node}: {wrong}", f"Correct {said.keyword}: keepalived ignores it.", said.place)


def _value(said: Statement, kind: str) -> str:
    """What is wrong with a statement's value; empty: nothing that is known here."""
    allowed = RANGES.get(kind, {}).get(said.keyword)
    choices = CHOICES.get(kind, {}).get(said.keyword)
    if not said.name and (allowed or choices or said.keyword in NEED_A_VALUE.get(kind, ())):
        return f"{said.keyword} has no value"
    if allowed and not allowed.takes(said.name):
        return f"{said.keyword} {said.name} is not {allowed}"
    if choices and said.name not in choices:
        return f"{said.keyword} {said.name} is neither {' nor '.join(choices)}"
    return ""


def _undefined(node: str, block: Statement) -> Iterator[Finding]:
    for said in block.body:
        if said.keyword in _ANY_TEXT:
            continue
        if unknown := next((word for word in said.words if _DEFINITION.match(word)), None):
            text = f"{node}: {unknown} is used, and nothing defines it before"
            yield error("undefined-definition", text, "Define it above: $NAME=value.", said.place)
        yield from _undefined(node, said)


def _tracked_weight(node: str, said: Statement) -> Iterator[Finding]:
    if "weight" not in said.words[1:]:
        return
    value = said.words[said.words.index("weight") + 1 :]
    if not value or not TRACKED_WEIGHT.takes(value[0]):
        text = f"{node}: weight {' '.join(value[:1])} of {said.keyword} is not {TRACKED_WEIGHT}"
        yield error(VALUE, text, "Correct the weight.", said.place)
    elif "reverse" in value:
        text = f"{node}: a reversed weight of {said.keyword} is not counted here"
        cure = "Work the priorities out by hand."
        yield Finding(Level.WARN, "not-read", text, cure, (said.place,))
