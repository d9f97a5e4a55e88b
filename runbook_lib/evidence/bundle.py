"""The bundle: the folder that a run leaves."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from runbook_lib.errors import RunbookError
from runbook_lib.outward import outward


class BundleError(RunbookError):
    """The bundle's folder can't be made or written."""


@dataclass(frozen=True)
class Bundle:
    """`outputs/<UTC time>-<run id>/`: executed notebooks, journal, raw data, charts, parameters, result."""

    path: Path
    run_id: str
    started: datetime
    """UTC."""

    @property
    def journal(self) -> Path:
        """Where every process of the run appends its events."""
        return self.path / "journal.jsonl"

    @property
    def parameters_sha256(self) -> str:
        """Of parameters.yaml, as `sha256sum` says."""
        return hashlib.sha256((self.path / "parameters.yaml").read_bytes()).hexdigest()

    def write(self, name: str, text: str) -> None:
        """Put a file into the bundle, whole: text that is outward already, as JSON masked afterwards is JSON no more.

        Raises BundleError.
        """
        part = self.path / f"{name}.part"
        try:
            part.write_text(text, "utf-8")
            part.replace(self.path / name)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise BundleError(f"{self.path / name} can't be written: {error.strerror}.", "Is the disk full?") from error


def create_bundle(parent: Path, parameters: str) -> Bundle:
    """A new bundle in `parent`, with the resolved parameters in it. Raises BundleError when it can't be made."""
    started, run_id = datetime.now(UTC), secrets.token_hex(4)
    return _made(Bundle(parent.absolute() / f"{started:%Y%m%dT%H%M%SZ}-{run_id}", run_id, started), parameters)


def create_bundle_at(path: Path, parameters: str) -> Bundle:
    """A new bundle whose folder is this one, which must be empty or not there. Raises BundleError."""
    require_empty(path)
    return _made(Bundle(path.absolute(), secrets.token_hex(4), datetime.now(UTC)), parameters)


def require_empty(path: Path) -> None:
    """Raises BundleError for a folder in which something is, or that can't be looked at."""
    try:
        used = path.is_dir() and any(path.iterdir())
    except OSError as error:
        raise _cannot_be_made(path, error) from error
    if used:
        raise BundleError(f"{path} is not empty, and what is there is kept.", "Give another folder: --out DIR")


def _made(bundle: Bundle, parameters: str) -> Bundle:
    try:
        bundle.path.mkdir(parents=True, exist_ok=True)
        for folder in ("data", "figures"):
            (bundle.path / folder).mkdir()
    except OSError as error:
        raise _cannot_be_made(bundle.path, error) from error
    bundle.write("parameters.yaml", outward(parameters))
    return bundle


def _cannot_be_made(path: Path, error: OSError) -> BundleError:
    return BundleError(f"{path} can't be made: {error.strerror}.", "Give another folder: --out DIR")
