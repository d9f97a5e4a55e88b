"""What is fetched or built once and kept on this machine: where it lies, and its SHA-256."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from runbook_lib.errors import ArtifactError


def user_cache() -> Path:
    """Where this user's downloads are kept between runs and clones (XDG base directories); made where it is missing.

    Raises ArtifactError.
    """
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "runbook"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ArtifactError(
            f"{folder} can't be made: {error.strerror}.", "Set XDG_CACHE_HOME to a folder that you can write to."
        ) from error
    return folder


def is_file(path: Path) -> bool:
    """Whether there is such a file; False, too, where nobody can look."""
    try:
        return path.is_file()
    except OSError:
        return False


def sha256_of(path: Path) -> str:
    """The SHA-256 of a local file, hexadecimal. Raises OSError."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
