"""From a command line to what a run needs, with everything refused that can be refused before a host is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from runbook_lib.chapter.source import local_source
from runbook_lib.failover.faults.catalogue import fault_named
from runbook_lib.failover.trials.series import require_count
from runbook_lib.notebook.notebook_file import Notebook, notebooks_in
from runbook_lib.notebook.overrides import Given, apply_overrides, parse_override
from runbook_lib.notebook.parameters import read_parameters
from runbook_lib.notebook.repository import NOTEBOOKS
from runbook_lib.notebook.selection import Selection, select
from runbook_lib.notebook.yaml_values import render_yaml
from runbook_lib.site import Site, parse_site

BUILDS = "02"
"""The notebook that needs the source archive."""


@dataclass(frozen=True)
class Prepared:
    """What a run executes, and with which parameters."""

    model: Site
    """Every value resolved but what only a host can tell; paths absolute."""
    notebooks: tuple[Notebook, ...]
    own: Mapping[str, Mapping[str, object]]
    """By notebook number: its own parameters, where they are given."""

    def parameters_of(self, notebook: Notebook) -> dict[str, object]:
        """What papermill puts into the notebook: the whole site, so that the executed notebook records it."""
        return {"site": self.model.model_dump(mode="json"), **self.own.get(notebook.number, {})}

    @property
    def as_yaml(self) -> str:
        """The resolved parameters of the run, for the bundle."""
        resolved: dict[str, object] = {"site": self.model.model_dump(mode="json")}
        given = {number: dict(own) for number, own in self.own.items()}
        return render_yaml(resolved | ({"notebooks": given} if given else {}))


def prepare(file: Path, overrides: Sequence[str], selection: Selection, top: Path) -> Prepared:
    """Read, merge and judge the parameters. Raises ParameterError or ArtifactError; changes and asks nothing."""
    site = read_parameters(file, top)
    every = notebooks_in(top / NOTEBOOKS)
    chosen = select(every, selection)
    others = tuple(n for n in every if n not in chosen)
    given = apply_overrides(site, [parse_override(o) for o in overrides], chosen, others, Path.cwd())
    prepared = Prepared(parse_site(given.site), chosen, given.notebooks)
    _judge_early(prepared, given)
    return prepared


def _judge_early(prepared: Prepared, given: Given) -> None:
    """What a notebook would refuse only after others changed hosts."""
    for own in given.notebooks.values():
        one = [own["fault"]] if "fault" in own else []
        for name in (*one, *cast(list[object], own.get("faults", []))):
            fault_named(str(name))
        if "trials" in own:
            require_count(cast(int, own["trials"]))
    if any(n.number == BUILDS for n in prepared.notebooks):
        local_source(prepared.model)
