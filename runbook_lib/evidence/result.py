"""result.json: a run in one object, for other tools. Everything in it follows from the journal and the run's frame."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from runbook_lib.evidence.outcome import Outcome
from runbook_lib.evidence.surroundings import Operator
from runbook_lib.journal import ChangeMade, CheckJudged, KeepalivedFound, Record
from runbook_lib.outward import outward_json

SCHEMA = "runbook-result/2"


@dataclass(frozen=True)
class Frame:
    """What surrounds a run: who, where, from which sources, why."""

    run_id: str
    started: datetime
    """UTC, as `finished`."""
    finished: datetime
    operator: Operator
    controller: str
    commit: str | None
    """Of the runbook's repository, `-dirty` behind it when files differ; None: no repository."""
    parameters_sha256: str
    substrate: str
    reason: str


@dataclass(frozen=True)
class NotebookResult:
    """One executed notebook."""

    name: str
    verdict: Outcome
    seconds: float


def render_result(
    frame: Frame, notebooks: Sequence[NotebookResult], records: Sequence[Record], verdict: Outcome, error: str
) -> str:
    """The text of result.json. `error`: why the run could not go on, where it was no check. Pure."""
    values = {
        "schema": SCHEMA,
        "run_id": frame.run_id,
        "verdict": verdict,
        "exit_status": verdict.exit_status,
        "error": error,
        "started": _utc(frame.started),
        "finished": _utc(frame.finished),
        "operator": asdict(frame.operator),
        "controller": frame.controller,
        "commit": frame.commit,
        "parameters_sha256": frame.parameters_sha256,
        "substrate": frame.substrate,
        "keepalived": keepalived_found(records),
        "reason": frame.reason,
        "changes": count_changes(records),
        "notebooks": [asdict(notebook) for notebook in notebooks],
        "checks": checks_judged(records),
    }
    return outward_json(values) + "\n"


def count_changes(records: Iterable[Record], notebook: str | None = None) -> int:
    """How many changes were made (by one notebook, when given). Faults and demonstrations are none. Pure."""
    return sum(isinstance(r.event, ChangeMade) for r in records if notebook in (None, r.context.get("notebook")))


def checks_judged(records: Iterable[Record]) -> list[dict[str, str]]:
    """Every verdict of the run in the order of time. Pure."""
    judged = [r.event for r in records if isinstance(r.event, CheckJudged)]
    return [{"id": c.check, "verdict": c.verdict, "observed": c.observed, "hint": c.hint} for c in judged]


def warnings_given(records: Iterable[Record]) -> tuple[str, ...]:
    """What the run did other than asked, each once, in the order of time. Pure."""
    said: dict[str, None] = {}
    for record in records:
        event = record.event
        if isinstance(event, CheckJudged) and event.verdict == Outcome.WARNED:
            said[f"{event.check}: {event.observed.rstrip('.')}. {event.hint}".rstrip()] = None
        if isinstance(event, ChangeMade) and event.warning:
            said[f"{event.host}: {event.warning}."] = None
    return tuple(said)


def keepalived_found(records: Iterable[Record]) -> Mapping[str, str | None]:
    """Version and SHA-256 of source and binary, as the run found them last on each node. Pure.

    The nodes' binaries are the same, or two builds: both hashes then, joined by a comma.
    """
    last = {r.event.node: r.event for r in records if isinstance(r.event, KeepalivedFound)}.values()
    found = {
        "version": {event.version for event in last},
        "source_sha256": {event.source_sha256 for event in last},
        "binary_sha256": {event.binary_sha256 for event in last},
    }
    return {name: ",".join(sorted(values - {""})) or None for name, values in found.items()}


def _utc(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
