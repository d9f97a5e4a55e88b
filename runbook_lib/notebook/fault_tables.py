"""The catalogue as `runbook fault list` prints it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from runbook_lib.failover import Band, Fault, Skipped
from runbook_lib.outward import outward_json


@dataclass(frozen=True)
class FaultRow:
    """A fault at one site."""

    fault: Fault
    band: Band
    """Its predicted outage."""
    not_undoable: Skipped | None
    """Why it can't be undone there, and so won't be injected; None: it can."""

    @property
    def band_ms(self) -> tuple[float, float] | None:
        """The band in milliseconds; None where an end is unknown, or the outage lasts until the undo."""
        if not self.band.bounded:
            return None
        return round(self.band.low_s * 1e3, 1), round(self.band.high_s * 1e3, 1)


def render_faults(rows: Sequence[FaultRow]) -> str:
    """Three lines a fault: what it is, what it leaves out, and where it can't come, why."""
    wide = max(len(row.fault.name) for row in rows)
    bands = [str(row.band) for row in rows]
    broad = max(len(text) for text in ("outage", *bands))
    lines = [f"{'fault':<{wide}}  {'outage':<{broad}}  what happens"]
    for row, band in zip(rows, bands, strict=True):
        lines.append(f"{row.fault.name:<{wide}}  {band:<{broad}}  {row.fault.what}")
        lines.append(f"{'':<{wide}}  {'':<{broad}}  not simulated: {row.fault.not_simulated}")
        if row.not_undoable:
            lines.append(f"{'':<{wide}}  {'':<{broad}}  REFUSED here: {row.not_undoable.reason}")
    return "\n".join(lines)


def render_faults_json(rows: Sequence[FaultRow]) -> str:
    """The same for programs: a list of objects, `band_ms` null where there is no number."""
    values = [
        {
            "id": row.fault.name,
            "title": row.fault.title,
            "band_ms": row.band_ms,
            "undoable_here": row.not_undoable is None,
        }
        for row in rows
    ]
    return outward_json(values)
