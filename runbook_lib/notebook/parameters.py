"""The parameter file: one YAML file with the one top-level key `site`."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

from runbook_lib.errors import ParameterError
from runbook_lib.notebook.yaml_values import parse_yaml

SHAPE = "See parameters/lab.yaml for its shape."
PATHS = ("archive", "key_file")
"""Parameters that are paths on this machine, wherever they stand."""


def read_parameters(path: Path, top: Path) -> dict[str, Any]:
    """What stands under `site:` in the file, its relative paths counted from the repository's top.

    Raises ParameterError, one sentence for the first thing wrong: not there, not UTF-8, not YAML, empty, a list,
    a key that stands twice, a top-level key other than `site`.
    """
    return resolve_paths(parse_parameters(_text(path), str(path)), top)


def parse_parameters(text: str, where: str) -> dict[str, Any]:
    """The mapping under `site:`. Raises ParameterError, `where` naming the file. Pure."""
    values = parse_yaml(text, where)
    if values is None:
        raise ParameterError(f"{where} is empty.", SHAPE)
    if not isinstance(values, dict):
        kind = "a list" if isinstance(values, list) else f"just {values!r}"
        raise ParameterError(f"{where} is {kind}, not a mapping with the key site.", SHAPE)
    if other := next((key for key in values if key != "site"), None):
        raise ParameterError(f"{where}: {other!r} is no top-level key.", _cure(str(other)))
    if "site" not in values:
        raise ParameterError(f"{where} has no key site.", SHAPE)
    site = values["site"]
    if not isinstance(site, dict):
        kind = "a list" if isinstance(site, list) else "empty" if site is None else f"just {site!r}"
        raise ParameterError(
            f"{where}: site is {kind}, not a mapping.", "Write site: {} for the chapter's lab. " + SHAPE
        )
    return site


def resolve_paths(values: dict[str, Any], base: Path) -> dict[str, Any]:
    """`values` with `~` and relative paths made absolute, relative ones from `base`."""
    return {key: _resolved(key, value, base) for key, value in values.items()}


def _resolved(key: str, value: object, base: Path) -> object:
    if isinstance(value, dict):
        return resolve_paths(value, base)
    if key in PATHS and isinstance(value, str):
        try:
            return str(base / Path(value).expanduser())
        except RuntimeError as error:  # ~somebody who is no user here
            raise ParameterError(f"{key}: {value} has no home folder: {error}.", "Write the whole path.") from error
    return value


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise ParameterError(
            f"{path} is not UTF-8: byte {error.start} is 0x{error.object[error.start]:02x}.", "Save it as UTF-8."
        ) from error
    except OSError as error:
        reason = "there is no such file" if isinstance(error, FileNotFoundError) else (error.strerror or str(error))
        raise ParameterError(
            f"{path} can't be read: {reason}.", "Ready-made ones: parameters/lab.yaml, parameters/chapter-vms.yaml."
        ) from error


def _cure(key: str) -> str:
    if difflib.get_close_matches(key, ["site"], n=1, cutoff=0.5):
        return "Did you mean 'site'?"
    return "All parameters stand under the one key site; those of a notebook are given with -p."
