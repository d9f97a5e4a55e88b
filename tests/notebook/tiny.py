"""Notebooks of three cells, made by the tests; their setup writes to the run's journal as a real one does."""

from __future__ import annotations

import json
from pathlib import Path

from runbook_lib.notebook.notebook_file import Notebook, read_declared

SETUP = """
import os, pathlib
from runbook_lib.errors import CheckFailedError
from runbook_lib.journal import CheckJudged, Journal
folder = pathlib.Path(os.environ["RUNBOOK_BUNDLE"])
context = {"run_id": os.environ["RUNBOOK_RUN_ID"], "notebook": os.environ["RUNBOOK_NOTEBOOK"]}
journal = Journal(folder / "journal.jsonl", context=context)
"""


def judged(verdict: str) -> str:
    """Source of a cell that journals a verdict, and raises where `verify` does."""
    raises = (
        f"\nraise CheckFailedError('a.b is {verdict}: seen.', 'Do this.')" if verdict in ("FAILED", "UNKNOWN") else ""
    )
    return f"journal.write(CheckJudged('a.b', 'It is so.', '{verdict}', 'seen', 'hint', 0.0)){raises}"


def save(folder: Path, name: str, *cells: str, parameters: str = "site: dict = {}") -> Notebook:
    """A notebook `NN-name.ipynb` in `folder`: parameters, setup, then these cells."""
    path = write(folder / f"{name}.ipynb", parameters, SETUP, *cells)
    return Notebook(name[:2], path, read_declared(path))


def write(path: Path, parameters: str, *cells: str) -> Path:
    """Just the file."""
    code = [_cell(f"cell-{i}", source) for i, source in enumerate((parameters, *cells))]
    code[0]["metadata"] = {"tags": ["parameters"]}
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    path.write_text(json.dumps({"cells": code, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}))
    return path


def _cell(name: str, source: str) -> dict[str, object]:
    return {
        "cell_type": "code",
        "id": name,
        "metadata": {},
        "source": source,
        "outputs": [],
        "execution_count": None,
    }
