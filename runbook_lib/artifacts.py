"""What is fetched or built once and kept on this machine: where it lies, and its SHA-256."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path


def user_cache() -> Path:
    """Where this user's downloads are kept between runs and clones (XDG base directories)."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "runbook"


def sha256_of(path: Path) -> str:
    """The SHA-256 of a local file, hexadecimal. Raises OSError."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
