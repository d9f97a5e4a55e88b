"""The house: imports point downwards only, and each third-party library has one door."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import runbook_lib

PACKAGE = Path(runbook_lib.__file__).parent
ROOMS = (
    "__main__", "notebook", "evidence", "demonstrations", "failover", "checks", "chapter", "lab", "hosts", "journal",
    "site", "keepalived_conf", "artifacts", "errors", "streams", "signals", "outward",
)  # fmt: skip
"""From the roof to the ground."""
FAILOVER = ("charts", "trials", "measuring", "faults", "theory")
"""The rooms within failover. Those below the trials know nothing of each other."""
DOORS = {
    "IPython": {"notebook/interrupted_cell.py", "notebook/show.py"},
    "dpkt": {"failover/measuring/wire.py"},
    "ipywidgets": {"notebook/live.py"},
    "jinja2": {"chapter/rendering.py"},
    "jupyter_client": {"notebook/kernels.py"},
    "jupyter_core": {"notebook/kernels.py"},
    "matplotlib": {f"failover/charts/{chart}.py" for chart in ("chart", "trial_chart", "series_chart")},
    "nbclient": {"notebook/execution.py"},
    "papermill": {"notebook/execution.py"},
    "paramiko": {"hosts/connection.py"},
    "pydantic": {"site.py", "journal/journal.py", "notebook/overrides.py", "failover/trials/trial_files.py"},
    "pyroute2": {"lab/network.py"},
    "rich": {"notebook/progress.py"},
    "typer": {"__main__.py", "lab/commands.py"},
    "yaml": {"notebook/yaml_values.py"},
}
"""pydantic has four: the model, the journal's records, a trial's facts, and the names inside the model."""
MODULES = [path.relative_to(PACKAGE) for path in sorted(PACKAGE.rglob("*.py")) if "data" not in path.parts]


@cache
def imports(module: Path) -> frozenset[str]:
    """Every dotted name that the module imports, inside functions too."""
    return frozenset(_imported(module))


def _imported(module: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse((PACKAGE / module).read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: a relative import hides its room"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room_of(module: Path) -> str:
    return module.parts[0].removesuffix(".py")


def rooms_used(module: Path) -> set[str]:
    names = (name.split(".") for name in imports(module) if name.startswith("runbook_lib."))
    return {parts[1] for parts in names if parts[1] in ROOMS}


def test_every_room_is_known() -> None:
    assert {room_of(module) for module in MODULES} - {"__init__"} == set(ROOMS)


@pytest.mark.parametrize("module", [m for m in MODULES if room_of(m) != "__init__"], ids=str)
def test_imports_point_downwards(module: Path) -> None:
    below = ROOMS[ROOMS.index(room_of(module)) :]
    assert rooms_used(module) <= set(below)


@pytest.mark.parametrize("module", [m for m in MODULES if m.parts[0] == "failover" and len(m.parts) > 2], ids=str)
def test_within_failover_too(module: Path) -> None:
    room = module.parts[1]
    below = FAILOVER[FAILOVER.index(room) :] if room in ("charts", "trials") else (room,)
    names = (name.split(".") for name in imports(module) if name.startswith("runbook_lib.failover."))
    assert {parts[2] for parts in names} <= set(below)


@pytest.mark.parametrize("module", [m for m in MODULES if room_of(m) != "lab"], ids=str)
def test_nobody_reaches_into_the_lab(module: Path) -> None:
    inside = {name for name in imports(module) if name.startswith("runbook_lib.lab.") and name.count(".") > 2}
    assert inside <= {"runbook_lib.lab.commands.app"}


def test_the_lab_knows_only_what_it_stands_on_and_evidence_no_host() -> None:
    used = {room: set[str]().union(*(rooms_used(m) for m in MODULES if room_of(m) == room)) for room in ROOMS}
    assert used["lab"] == {"lab", "hosts", "artifacts", "errors", "signals"}
    assert used["evidence"] == {"evidence", "journal", "errors", "outward"}


@pytest.mark.parametrize("library", DOORS)
def test_a_library_has_one_door(library: str) -> None:
    doors = {str(module) for module in MODULES if library in {name.partition(".")[0] for name in imports(module)}}
    assert doors == DOORS[library]


def test_every_library_has_a_door() -> None:
    used = {name.partition(".")[0] for module in MODULES for name in imports(module)}
    assert used - set(DOORS) - {"runbook_lib"} <= set(sys.stdlib_module_names)
