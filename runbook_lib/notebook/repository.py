"""Where the repository's top is, from wherever a command or a kernel was started."""

from __future__ import annotations

from pathlib import Path

import runbook_lib
from runbook_lib.errors import ParameterError

NOTEBOOKS = "notebooks"
OUTPUTS = "outputs"
BY_HAND = "by-hand"
"""Under outputs/: what notebooks that were run by hand leave, in place of a bundle."""


def find_top(package: Path, current: Path) -> Path:
    """The folder that holds notebooks/: the library's own repository, else the nearest one above `current`.

    Raises ParameterError when there is none. Reads folder names only.
    """
    for folder in (package.parent, current, *current.parents):
        if (folder / NOTEBOOKS).is_dir() and (folder / "parameters").is_dir():
            return folder
    raise ParameterError(
        f"No notebooks/ beside {package}, in {current} or above it.", "Run from inside the runbook's repository."
    )


def repository_top() -> Path:
    """The top of the repository that this process works in. Raises ParameterError outside of one."""
    return find_top(Path(runbook_lib.__file__).resolve().parent, Path.cwd())
