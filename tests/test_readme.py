"""README leads where it says."""

from __future__ import annotations

import re
from pathlib import Path

from runbook_lib.notebook.notebook_file import notebooks_in
from runbook_lib.notebook.overrides import site_paths
from runbook_lib.notebook.repository import NOTEBOOKS, repository_top

TOP = repository_top()
LINK = re.compile(r"\]\(([^)#]+)\)")
PARAMETER = re.compile(r"-p '?([\w.]+)=")
PLACEHOLDER = "NAME"


def test_its_links_lead_to_files() -> None:
    links = LINK.findall((TOP / "README.md").read_text("utf-8"))
    assert [link for link in links if not (TOP / link).exists()] == []


def test_it_names_every_notebook() -> None:
    text = (TOP / "README.md").read_text("utf-8")
    assert [
        path.name for path in sorted((TOP / NOTEBOOKS).glob("*.ipynb")) if f"]({NOTEBOOKS}/{path.name})" not in text
    ] == []


def test_every_parameter_that_it_names_exists() -> None:
    named = set(PARAMETER.findall((TOP / "README.md").read_text("utf-8"))) - {PLACEHOLDER}
    own = {parameter.name for notebook in notebooks_in(TOP / NOTEBOOKS) for parameter in notebook.parameters}
    assert named
    assert named - {*site_paths(), *own} == set()


def test_every_target_that_it_names_exists() -> None:
    text = (TOP / "README.md").read_text("utf-8")
    targets = set(re.findall(r"(?:^|`)make ([a-z-]+)", text, re.MULTILINE))
    made = set(re.findall(r"^([a-z-]+):", Path(TOP / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert targets
    assert targets <= made
