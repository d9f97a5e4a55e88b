"""The last touches on a freshly built image: its files, its units, and what must not be in it (root)."""

from __future__ import annotations

import shutil
from pathlib import Path

from runbook_lib.lab.recipe import Recipe

_UNITS = "etc/systemd/system"


def finish(image: Path, wanted: Recipe) -> None:
    """Remove, write, mask and disable what the recipe says, inside the folder `image` only."""
    for pattern in wanted.removed:
        for path in image.glob(pattern):
            _remove(path)
    for unit in wanted.masked:
        mask = within(image, f"{_UNITS}/{unit}")
        mask.unlink(missing_ok=True)
        mask.symlink_to("/dev/null")
    for unit in wanted.disabled:
        for link in image.glob(f"{_UNITS}/*.wants/{unit}"):
            link.unlink()
    for name, text in wanted.files.items():  # last: the marks of an update done must be the newest
        write_file(image, name, text)


def write_file(root: Path, name: str, text: str, *, mode: int = 0o644) -> None:
    """Write one file of a tree; a link in its place is replaced, not followed."""
    path = within(root, name)
    path.unlink(missing_ok=True)
    path.write_text(text)
    path.chmod(mode)


def within(root: Path, name: str) -> Path:
    """`root/name` with its folders made; ValueError when a link on the way leads out of `root`, on to the host."""
    path = root / name
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    if not path.parent.resolve().is_relative_to(root.resolve()):
        raise ValueError(f"{name} leads out of {root}")
    return path


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
