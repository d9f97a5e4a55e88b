"""The last touches on a freshly built image: its files, its units, and what must not be in it (root)."""

from __future__ import annotations

import fnmatch
import shutil
from pathlib import Path

from runbook_lib.lab.recipe import Recipe

_UNITS = "etc/systemd/system"


def finish(image: Path, wanted: Recipe) -> None:
    """Remove, write, mask and disable what the recipe says, inside the folder `image` only."""
    for pattern in wanted.removed:
        for path in found(image, pattern):
            _remove(path)
    for unit in wanted.masked:
        mask = within(image, f"{_UNITS}/{unit}")
        mask.unlink(missing_ok=True)
        mask.symlink_to("/dev/null")
    for unit in wanted.disabled:
        for wants in image.glob(f"{_UNITS}/*.wants"):
            (wants / unit).unlink(missing_ok=True)
    for name, text in wanted.files.items():  # last: the marks of an update done must be the newest
        write_file(image, name, text)


def found(image: Path, pattern: str) -> list[Path]:
    """What is there under `image`, wildcards in the last part only; links count, also those that lead nowhere."""
    # Path.glob passes by a dangling link, and seen from outside the image most of its absolute links dangle.
    folder, _, name = pattern.rpartition("/")
    there = image / folder
    return [path for path in there.iterdir() if fnmatch.fnmatch(path.name, name)] if there.is_dir() else []


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
