"""A notebook as it lies in notebooks/: its number, its cells, and what its parameters cell declares."""

from __future__ import annotations

import ast
import contextlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runbook_lib.errors import NotebookError, ParameterError

PARAMETERS_TAG = "parameters"
SITE = "site"
_FILE = re.compile(r"^(\d\d)-[a-z0-9-]+\.ipynb$")
_TYPES: dict[str, tuple[type, ...]] = {
    "str": (str,), "int": (int,), "float": (int, float), "bool": (bool,), "list": (list,), "dict": (dict,)
}  # fmt: skip
_EXAMPLES = {"str": '"0111"', "int": "3", "float": "0.5", "bool": "true", "list": "[a, b]", "dict": "{a: 1}"}
"""In YAML; text that looks like a number has to be quoted."""


@dataclass(frozen=True)
class Parameter:
    """One line of a parameters cell: `fault: str = "shutdown-master"  # help`."""

    name: str
    annotation: str
    default: object


@dataclass(frozen=True)
class Notebook:
    """One notebook of the repository."""

    number: str
    """`05`."""
    path: Path
    parameters: tuple[Parameter, ...]
    """Its own; without `site`, which each has."""

    @property
    def name(self) -> str:
        """`05-write-configuration`."""
        return self.path.stem


def notebooks_in(folder: Path) -> tuple[Notebook, ...]:
    """Every notebook in `folder` whose name begins with a number, in order. Raises NotebookError for a broken one."""
    paths = sorted(path for path in folder.glob("*.ipynb") if _FILE.match(path.name))
    return tuple(Notebook(path.name[:2], path, read_declared(path)) for path in paths)


def read_declared(path: Path) -> tuple[Parameter, ...]:
    """What the notebook's parameters cell declares, without `site`. Raises NotebookError when it can't be read."""
    try:
        content = json.loads(path.read_text("utf-8"))
        sources = {id(cell): _source(cell) for cell in content["cells"]}
        source = next((sources[id(cell)] for cell in content["cells"] if PARAMETERS_TAG in _tags(cell)), "")
        return tuple(p for p in parse_declared(source) if p.name != SITE)
    except (OSError, ValueError, KeyError, TypeError, SyntaxError) as error:
        raise NotebookError(f"{path} is no notebook that can be read: {error}.", "Restore it: git checkout") from error


def parse_declared(source: str) -> tuple[Parameter, ...]:
    """The annotated literals of a parameters cell, in order. Raises ValueError for anything else in it. Pure."""
    declared = []
    for line in ast.parse(source).body:
        if not isinstance(line, ast.AnnAssign) or not isinstance(line.target, ast.Name) or line.value is None:
            raise ValueError(f"`{ast.unparse(line)}` in the parameters cell is no annotated literal")
        declared.append(Parameter(line.target.id, ast.unparse(line.annotation), ast.literal_eval(line.value)))
    return tuple(declared)


def check_type(parameter: Parameter, value: object) -> None:
    """Raises ParameterError when `value` is not of the annotated type. Pure."""
    wanted = _TYPES.get(parameter.annotation)
    # To Python a bool is an int; to a reader `on` is no number.
    fits = wanted is None or (isinstance(value, wanted) and (isinstance(value, bool) == (wanted == (bool,))))
    if not fits:
        raise ParameterError(
            f"{parameter.name} = {value!r} is not of the type {parameter.annotation}.",
            f"Write for example -p '{parameter.name}={_EXAMPLES[parameter.annotation]}'",
        )


def imported_modules(path: Path) -> tuple[str, ...]:
    """The modules that the notebook's cells import, in order, each once; a cell that is no Python has none."""
    found: dict[str, None] = {}
    for cell in json.loads(path.read_text("utf-8"))["cells"]:
        with contextlib.suppress(SyntaxError):
            tree = ast.parse(_source(cell)) if cell["cell_type"] == "code" else ast.Module([], [])
            for node in ast.walk(tree):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                names += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
                found |= dict.fromkeys(names)
    return tuple(found)


def _source(cell: dict[str, Any]) -> str:
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)


def _tags(cell: dict[str, Any]) -> list[str]:
    tags = cell.get("metadata", {}).get("tags", [])
    return tags if isinstance(tags, list) else []
