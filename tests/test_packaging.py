from __future__ import annotations

import re
import tomllib
from pathlib import Path

import yaml

TOP = Path(__file__).parents[1]


def split(requirement: str) -> tuple[str, str]:
    name, bound = re.fullmatch(r"([\w.-]+)(.*)", requirement).groups()  # type: ignore[union-attr]
    return name.lower().replace("_", "-"), bound


def test_conda_installs_what_pip_does() -> None:
    project = tomllib.loads((TOP / "pyproject.toml").read_text())["project"]
    pip = {"python": project["requires-python"]}
    pip |= dict(map(split, project["dependencies"] + project["optional-dependencies"]["dev"]))
    environment = yaml.safe_load((TOP / "environment.yml").read_text())
    listed = [entry for entry in environment["dependencies"] if isinstance(entry, str) and entry != "pip"]
    assert environment["channels"] == ["conda-forge"]
    assert dict(map(split, listed)) == pip
    assert environment["dependencies"][-1] == {"pip": ["--editable ."]}


def test_every_data_file_is_in_a_folder_that_is_packaged() -> None:
    patterns = tomllib.loads((TOP / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]["*"]
    code = TOP / "runbook_lib"
    files = {path for path in code.rglob("*") if path.is_file() and path.suffix not in {".py", ".pyc"}}
    packaged = {path for room in (code, *code.iterdir()) for pattern in patterns for path in room.glob(pattern)}
    assert files <= packaged, "neither templates/ nor data/ of a room"
