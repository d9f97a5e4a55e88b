"""`-p NAME=VALUE`: a dotted path inside `site`, or a parameter of a selected notebook."""

from __future__ import annotations

import copy
import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel

from runbook_lib.errors import ParameterError
from runbook_lib.notebook.notebook_file import Notebook, check_type
from runbook_lib.notebook.parameters import resolve_paths
from runbook_lib.notebook.yaml_values import parse_yaml
from runbook_lib.site import Site


@dataclass(frozen=True)
class Override:
    """One `-p`."""

    name: str
    value: object


@dataclass(frozen=True)
class Given:
    """What the notebooks are given: the mapping under `site:`, and by notebook number its own parameters."""

    site: Mapping[str, Any]
    notebooks: Mapping[str, Mapping[str, object]]


def parse_override(text: str) -> Override:
    """`NAME=VALUE` with VALUE as YAML. Raises ParameterError. Pure."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise ParameterError(f"-p {text}: not NAME=VALUE.", "Write for example -p vrrp.advert_int=2")
    return Override(name.strip(), parse_yaml(value, f"-p {text}"))


def apply_overrides(
    site: Mapping[str, Any], overrides: Sequence[Override], selected: Sequence[Notebook],
    others: Sequence[Notebook], current: Path,
) -> Given:  # fmt: skip
    """The site's mapping with the overrides in it, and the selected notebooks' own parameters.

    Relative paths count from `current`, the caller's folder. Raises ParameterError for a name that is neither, the
    nearest known one named; `others` are the notebooks that are not selected.
    """
    changed = copy.deepcopy(dict(site))
    own: dict[str, dict[str, object]] = {}
    names = [override.name for override in overrides]
    for override in overrides:
        if names.count(override.name) > 1:
            raise ParameterError(f"-p {override.name} is given twice.", "Give it once.")
        if override.name in site_paths():
            _set(changed, override, current)
        else:
            _give_to_notebooks(own, override, selected, others)
    return Given(changed, own)


def site_paths() -> tuple[str, ...]:
    """Every dotted path inside `site`. Pure."""
    return tuple(_paths(Site))


def _paths(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield prefix + name
        kinds = [kind for kind in (field.annotation, *get_args(field.annotation)) if isinstance(kind, type)]
        for part in (kind for kind in kinds if issubclass(kind, BaseModel)):
            yield from _paths(part, f"{prefix}{name}.")


def _set(site: dict[str, Any], override: Override, current: Path) -> None:
    *parents, last = override.name.split(".")
    inside, default = site, Site().model_dump(mode="json")
    for parent in parents:
        default = default.get(parent) or {}
        # What the file left out is the default, of which one value becomes another; what it set to null was nothing.
        inside[parent] = inside.get(parent, default) or {}
        if not isinstance(inside[parent], dict):
            raise ParameterError(f"site: {parent} is {inside[parent]!r}, not a mapping.", "Correct the parameter file.")
        inside = inside[parent]
    inside.update(resolve_paths({last: override.value}, current))


def _give_to_notebooks(
    own: dict[str, dict[str, object]], override: Override, selected: Sequence[Notebook], others: Sequence[Notebook]
) -> None:
    takers = [(n, p) for n in selected for p in n.parameters if p.name == override.name]
    if not takers:
        raise ParameterError(f"-p {override.name}: no such parameter.", _nearest(override.name, selected, others))
    for notebook, parameter in takers:
        check_type(parameter, override.value)
        own.setdefault(notebook.number, {})[override.name] = override.value


def _nearest(name: str, selected: Sequence[Notebook], others: Sequence[Notebook]) -> str:
    if owner := next((n for n in others for p in n.parameters if p.name == name), None):
        return f"It is one of {owner.name}: runbook run -f FILE --only {owner.number} -p {name}=VALUE"
    known = [*site_paths(), *(p.name for n in selected for p in n.parameters)]
    if near := difflib.get_close_matches(name.removeprefix("site."), known, n=1, cutoff=0.5):
        return f"Did you mean {near[0]!r}?"
    if inside := [path for path in known if path.rpartition(".")[2] == name]:
        return f"Did you mean {inside[0]!r}?"
    return (
        "Known are the names in parameters/lab.yaml, with dots, and those of the selected notebooks' parameters cells."
    )
