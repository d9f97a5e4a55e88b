"""What a notebook's file declares."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny import write

from runbook_lib.errors import NotebookError, ParameterError
from runbook_lib.notebook.notebook_file import (
    Parameter,
    check_type,
    imported_modules,
    notebooks_in,
    parse_declared,
    read_declared,
)


def test_annotated_literals() -> None:
    assert parse_declared('site: dict = {}  # the lab\nfault: str = "a"  # which\n') == (
        Parameter("site", "dict", {}),
        Parameter("fault", "str", "a"),
    )


@pytest.mark.parametrize("line", ["a = 1", "a: int", "print()", "a: int = len([])"])
def test_anything_else_is_no_parameter(line: str) -> None:
    with pytest.raises(ValueError, match=r"annotated literal|malformed node"):
        parse_declared(line)


def test_site_is_every_notebooks(tmp_path: Path) -> None:
    path = write(tmp_path / "09-a.ipynb", "site: dict = {}\nfault: str = 'a'")
    assert [p.name for p in read_declared(path)] == ["fault"]


def test_notebooks_in_order_of_their_numbers(tmp_path: Path) -> None:
    for name in ("10-b", "09-a", "draft", "9-x"):
        write(tmp_path / f"{name}.ipynb", "site: dict = {}")
    assert [(n.number, n.name) for n in notebooks_in(tmp_path)] == [("09", "09-a"), ("10", "10-b")]


def test_a_broken_notebook(tmp_path: Path) -> None:
    path = tmp_path / "05-a.ipynb"
    path.write_text("{")
    with pytest.raises(
        NotebookError, match=r"^.*05-a.ipynb is no notebook that can be read: .*Restore it: git checkout$"
    ):
        read_declared(path)


def test_types() -> None:
    check_type(Parameter("x", "float", 1.0), 2)
    check_type(Parameter("x", "bool", True), False)
    for annotation, value in (("int", True), ("str", 1), ("bool", 1), ("int", 1.5)):
        with pytest.raises(ParameterError):
            check_type(Parameter("x", annotation, None), value)


def test_imports_are_found_and_magics_passed_by(tmp_path: Path) -> None:
    path = write(tmp_path / "a.ipynb", "a: int = 1", "from runbook_lib import site\nimport json, json.tool", "%time x")
    assert imported_modules(path) == ("runbook_lib", "json", "json.tool")
