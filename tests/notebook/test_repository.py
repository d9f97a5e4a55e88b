"""Where the repository's top is."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbook_lib.errors import ParameterError
from runbook_lib.notebook.repository import find_top


def repository(folder: Path) -> Path:
    for name in ("notebooks", "parameters", "runbook_lib"):
        (folder / name).mkdir(parents=True)
    return folder


def test_the_librarys_own_comes_first(tmp_path: Path) -> None:
    own, other = repository(tmp_path / "own"), repository(tmp_path / "other")
    assert find_top(own / "runbook_lib", other) == own


def test_an_installed_library_looks_above_the_current_folder(tmp_path: Path) -> None:
    top = repository(tmp_path / "clone")
    assert find_top(Path("/usr/lib/python3/runbook_lib"), top / "notebooks") == top


def test_nowhere(tmp_path: Path) -> None:
    with pytest.raises(ParameterError) as caught:
        find_top(tmp_path / "runbook_lib", tmp_path)
    assert str(caught.value) == (
        f"No notebooks/ beside {tmp_path}/runbook_lib, in {tmp_path} or above it. "
        "Run from inside the runbook's repository."
    )
