"""What commands print on stdout: plain text, aligned, the same on a terminal and in a file. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from runbook_lib.chapter.change import Change
from runbook_lib.checks.verdict import Check, Verdict
from runbook_lib.evidence import NotebookResult
from runbook_lib.outward import outward_json

INDENT = "      "


def render_steps(done: Sequence[tuple[NotebookResult, int]], not_run: Sequence[str]) -> str:
    """A line a notebook: verdict, seconds, changes; those that were not reached are named too."""
    names = [result.name for result, _ in done] + list(not_run)
    wide = max(len(name) for name in ("notebook", *names))
    lines = [f"{'notebook':<{wide}}  {'verdict':<11}  {'seconds':>7}  {'changes':>7}"]
    lines += [f"{r.name:<{wide}}  {r.verdict:<11}  {r.seconds:>7.1f}  {changes:>7}" for r, changes in done]
    lines += [f"{name:<{wide}}  not run" for name in not_run]
    return "\n".join(lines)


def render_warnings(warnings: Sequence[str]) -> str:
    """The warnings under a heading; empty when there is none."""
    return "\n".join(["Warnings:", *(f"  {warning}" for warning in warnings)]) if warnings else ""


def render_checks(verdicts: Sequence[tuple[Check, Verdict]]) -> str:
    """A line a check, and its hint below it: once below the last of several in a row that have the same."""
    wide = max((len(check.id) for check, _ in verdicts), default=0)
    lines = []
    next_hints = [verdict.hint for _, verdict in verdicts[1:]] + [""]
    for (check, verdict), next_hint in zip(verdicts, next_hints, strict=True):
        lines.append(f"{verdict.status:<8} {check.id:<{wide}}  {verdict.observed}")
        if verdict.hint and verdict.hint != next_hint:
            lines.append(f"{'':<8} {'':<{wide}}  -> {verdict.hint}")
    return "\n".join(lines)


def render_checks_json(verdicts: Sequence[tuple[Check, Verdict]]) -> str:
    """The same for programs: a list of objects with the keys that result.json has, and the claim."""
    values = [
        {"id": c.id, "verdict": v.status, "observed": v.observed, "hint": v.hint, "claim": c.claim} for c, v in verdicts
    ]
    return outward_json(values)


def render_planned(title: str, changes: Sequence[Change]) -> str:
    """What an operation would do: a line a host, its actions, its diffs."""
    lines = [f"  {title}"]
    for change in changes:
        found = f" (found: {change.was})" if change.was else ""
        lines.append(f"    {change.host}: {change.outlook}{found}")
        lines += [f"{INDENT}{line}" for action in change.actions for line in str(action).splitlines()]
        if change.warning:
            lines.append(f"{INDENT}WARNED: {change.warning}")
        lines += [f"{INDENT}{line}" for line in change.diff.splitlines()]
    return "\n".join(lines)


def render_count(changes: Sequence[Change], *, disturbed: bool = False, undone: int = 0) -> str:
    """The last line of a plan.

    `disturbed`: above it stands what is disturbed for a moment, which is no change; `undone`: so much is on still.
    """
    count, held = sum(not change.is_none for change in changes), sum(change.held_back for change in changes)
    held_back = f" {held} {'is' if held == 1 else 'are'} held back." if held else ""
    if count == 0:
        moment = "; what would be disturbed for a moment stands above" if disturbed else ""
        made = f"Nothing {'else ' * bool(undone)}would change{moment}."
    else:
        made = f"{count} change{'s' * (count > 1)} would be made; none was."
    first = f"{undone} thing{'s' * (undone > 1)} would be undone first. " if undone else ""
    return f"{first}{made}{held_back}"
