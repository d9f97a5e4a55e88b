"""Every command `runbook …` that the library shows a reader runs as it stands, its words in capitals replaced."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

import runbook_lib
from runbook_lib.__main__ import app

PACKAGE = Path(runbook_lib.__file__).parent
COMMAND = re.compile(r"\brunbook (?:check|fault|lab|lint|predict|run|trial)\b[^`,;]*?(?=[`,;]|\. |\.?$)")
"""It ends where its sentence or a part of it does; prose that goes on needs backticks around the command."""
REMARK = re.compile(r"^#.*$", re.MULTILINE)
"""A line of a file that the library writes: it explains, and tells nobody to run anything."""


class Texts(ast.NodeVisitor):
    """What a module's literals say, but for its docstrings."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def visit_Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):
            self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str):
            self.said.append(node.value)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        self.said.append("".join(map(_part, node.values)))


def _part(part: ast.expr) -> str:
    if isinstance(part, ast.Constant):
        return str(part.value)
    return " --name LAB" if "option" in ast.unparse(part) else "WORD"


def commands() -> Iterator[str]:
    for path in sorted(PACKAGE.rglob("*.py")):
        texts = Texts()
        texts.visit(ast.parse(path.read_text("utf-8")))
        for said in texts.said:
            yield from COMMAND.findall(REMARK.sub("", said))


def test_commands_are_found() -> None:
    assert {"runbook check -f FILE", "runbook lab up --name LAB"} <= set(commands())


def test_a_command_for_a_lab_that_runs_names_it() -> None:
    running = {line for line in commands() if line.startswith("runbook lab ") and " lab up" not in line}
    assert {line for line in running if "--name" not in line} == set()


@pytest.mark.parametrize("line", sorted(set(commands())))
def test_a_command_that_is_shown_is_complete(line: str) -> None:
    _, *words = shlex.split(line)
    command = typer.main.get_command(app)
    while isinstance(command, TyperGroup):
        command = command.commands[words.pop(0)]
    command.make_context(line, words)  # raises for an unknown option, or an argument that is missing
