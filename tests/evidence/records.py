"""Records of a journal, made from their events."""

from __future__ import annotations

from runbook_lib.journal import ChangeMade, CheckJudged, Event, Record


def record(event: Event, notebook: str = "05") -> Record:
    return Record("2024-01-01T00:00:00+00:00", 0.0, event.kind, {"notebook": notebook}, event)


def change(warning: str = "", host: str = "node128") -> ChangeMade:
    return ChangeMade(host, "build", "absent", (), "", warning, 3.0)


def judged(verdict: str, observed: str = "seen", hint: str = "") -> CheckJudged:
    return CheckJudged("a.b", "It is so.", verdict, observed, hint, 0.0)
