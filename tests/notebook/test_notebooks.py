"""The notebooks as they are committed: structure, words, no outputs."""

from __future__ import annotations

import ast
import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from runbook_lib.notebook.notebook_file import notebooks_in
from runbook_lib.notebook.repository import NOTEBOOKS, repository_top

FOLDER = repository_top() / NOTEBOOKS
PATHS = sorted(FOLDER.glob("*.ipynb"))
HEADINGS = ("**Changes**", "**Expect**", "**If not**", "**Chapter**")
TITLE = ("**Purpose**", "**Changes**", "**Takes**", "**Before**", "**Undo**")
BANNED = re.compile(r"^\s*[!%]|sys\.exit|os\.system|subprocess|time\.sleep|input\(|get_ipython", re.MULTILINE)
DO_LINES = 10
HEAD = 3
"""Title, parameters, setup."""

every_notebook = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)


def cells_of(path: Path) -> list[dict[str, Any]]:
    cells: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))["cells"]
    return cells


def source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def steps_of(path: Path) -> list[list[dict[str, Any]]]:
    """The cells between setup and summary, three by three."""
    inner = cells_of(path)[HEAD:-1]
    return [inner[i : i + 3] for i in range(0, len(inner), 3)]


def calls(cell: dict[str, Any]) -> list[str]:
    """The functions that the cell's top-level expressions call."""
    expressions = [node.value for node in ast.parse(source(cell)).body if isinstance(node, ast.Expr)]
    return [ast.unparse(value.func) for value in expressions if isinstance(value, ast.Call)]


def test_the_chapter_is_complete() -> None:
    assert [n.number for n in notebooks_in(FOLDER)] == [*(f"{i:02}" for i in range(12)), "90"]


@every_notebook
def test_it_is_committed_without_outputs(path: Path) -> None:
    code = [cell for cell in cells_of(path) if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)


@every_notebook
def test_it_begins_with_title_parameters_setup_and_ends_with_a_summary(path: Path) -> None:
    title, parameters, setup, *_, summary = cells_of(path)
    assert source(title).startswith(f"# {path.stem[:2]} ")
    assert all(f"{heading}" in source(title) for heading in TITLE)
    assert parameters["metadata"]["tags"] == ["parameters"]
    assert source(setup).endswith("\n\nsite = open_site(site)")
    assert source(summary).startswith("## Summary, when every check above is good\n")


@every_notebook
def test_its_parameters_are_one_a_line_each_with_its_help(path: Path) -> None:
    lines = source(cells_of(path)[1]).splitlines()
    assert lines[0] == "site: dict = {}  # {} is the chapter's lab"
    assert all(re.fullmatch(r"\w+: \w+ = .+  # .+", line) for line in lines)


@every_notebook
def test_a_step_is_explain_do_verify(path: Path) -> None:
    number = int(path.stem[:2])
    for count, (explain, do, verify) in enumerate(steps_of(path), start=1):
        assert source(explain).startswith(f"## {number}.{count} ")
        assert [source(explain).count(heading) for heading in HEADINGS] == [1, 1, 1, 1]
        assert [cell["cell_type"] for cell in (explain, do, verify)] == ["markdown", "code", "code"]
        assert calls(do) == ["show"]
        assert len(source(do).splitlines()) <= DO_LINES
        assert calls(verify) == ["verify"]
        assert len(ast.parse(source(verify)).body) == 1


@every_notebook
def test_each_label_begins_a_line_of_the_page(path: Path) -> None:
    for cell in cells_of(path):
        lines = source(cell).splitlines() if cell["cell_type"] == "markdown" else []
        pairs = [(a, b) for a, b in pairwise(lines) if b.startswith((*HEADINGS, *TITLE))]
        assert [a for a, _ in pairs if a and not a.endswith("\\") and not a.startswith(("|", "```", "#"))] == []


@every_notebook
def test_no_cell_defines_anything_or_leaves_python(path: Path) -> None:
    for cell in cells_of(path):
        assert "raises-exception" not in cell["metadata"].get("tags", [])
        if cell["cell_type"] == "code":
            assert not BANNED.search(source(cell))
            kinds = (ast.FunctionDef, ast.ClassDef, ast.Lambda, ast.Try, ast.While)
            assert not [node for node in ast.walk(ast.parse(source(cell))) if isinstance(node, kinds)]


@every_notebook
def test_every_name_that_the_setup_imports_is_used(path: Path) -> None:
    setup, *rest = (cell for cell in cells_of(path)[2:] if cell["cell_type"] == "code")
    body = ast.parse(source(setup)).body
    names = {alias.asname or alias.name for node in body if isinstance(node, ast.ImportFrom) for alias in node.names}
    used = {
        node.id for cell in (setup, *rest) for node in ast.walk(ast.parse(source(cell))) if isinstance(node, ast.Name)
    }
    assert names <= used


@every_notebook
def test_it_names_the_kernel_that_every_jupyter_has_and_each_cell(path: Path) -> None:
    notebook = json.loads(path.read_text("utf-8"))
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    ids = [cell["id"] for cell in notebook["cells"]]
    assert len(set(ids)) == len(ids)
