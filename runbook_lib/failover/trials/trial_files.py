"""A trial's files in a run's data/: NAME.json, NAME.csv, NAME.pcap, NAME-NODE.addresses.txt."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from runbook_lib.errors import RunbookError
from runbook_lib.failover.measuring.capture import CAPTURE, file_name
from runbook_lib.failover.measuring.samples import parse_recording
from runbook_lib.failover.trials.trial_record import Facts, Trial
from runbook_lib.outward import outward_json


@dataclass(frozen=True)
class Computed:
    """What follows from the facts and the raw files: written for readers, never read again. Times as in `Facts`."""

    outage_s: float | None
    predicted_s: float | None
    lateness_s: float
    disturbances: tuple[str, ...]
    last_advert_s: float | None
    goodbye_s: float | None
    unknown: tuple[str, ...]
    violations: tuple[str, ...]


class FactsFile(BaseModel):
    """NAME.json; an infinite number is the text "Infinity" there, as JSON has none."""

    model_config = ConfigDict(ser_json_inf_nan="strings", extra="forbid")

    facts: Facts
    computed: Computed


def write_facts(folder: Path, trial: Trial) -> None:
    """Keep what the raw files don't tell: with them, every number of the trial can be computed again."""
    kept = FactsFile(facts=trial, computed=_computed(trial))
    (folder / f"{trial.name}.json").write_text(outward_json(json.loads(kept.model_dump_json())) + "\n", "utf-8")


def read_trial(folder: Path, name: str) -> Trial:
    """The trial that these files tell of, all of its numbers computed anew.

    Raises RunbookError when its facts or its samples are not there, or not what was written; without the other files
    less is known.
    """
    try:
        facts = FactsFile.model_validate_json((folder / f"{name}.json").read_text("utf-8")).facts
        recording = parse_recording((folder / f"{name}.csv").read_text("utf-8"))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise RunbookError(f"{folder}/{name}.json: {where}: {first['msg']}.", "It was edited or damaged.") from error
    except (OSError, ValueError) as error:
        raise RunbookError(
            f"{folder} has no trial {name}: {error}.", "Name a trial by its .json file there."
        ) from error
    capture, addresses = read_capture(folder, name), read_addresses(folder, name, facts.nodes)
    return Trial(**vars(facts), recording=recording, capture=capture, addresses=addresses)


def read_capture(folder: Path, name: str) -> bytes:
    """The trial's pcap; empty where there is none."""
    path = folder / file_name(name, CAPTURE)
    return path.read_bytes() if path.exists() else b""


def read_addresses(folder: Path, name: str, nodes: Iterable[str]) -> Mapping[str, str]:
    """What each node wrote of its addresses, by name; without those that wrote nothing."""
    paths = {node: folder / file_name(name, node) for node in nodes}
    return {node: path.read_text("utf-8") for node, path in paths.items() if path.exists()}


def _computed(trial: Trial) -> Computed:
    return Computed(
        outage_s=trial.outage.duration_s if trial.outage else None,
        predicted_s=trial.predicted_s,
        lateness_s=trial.lateness_s,
        disturbances=trial.disturbances,
        last_advert_s=trial.timeline.last_advert_s,
        goodbye_s=trial.timeline.goodbye_s,
        unknown=tuple(map(str, trial.timeline.unknown)),
        violations=tuple(map(str, trial.timeline.violations)),
    )
