"""Show: one table, one figure or one line; plain text stands beside the HTML, for archives and terminals."""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from IPython.display import display

from runbook_lib.chapter.change import Change
from runbook_lib.chapter.operation import Done
from runbook_lib.outward import outward

NARROW = 100


class Table:
    """Rows of text under headings, rendered as HTML and as plain text."""

    def __init__(self, headings: Sequence[str], rows: Iterable[Sequence[object]], after: str = "") -> None:
        self.headings = tuple(headings)
        self.rows = tuple(tuple(outward(str(cell)) for cell in row) for row in rows)
        self.after = outward(after)
        """Text that stands below the table, as it is: a diff."""

    def __str__(self) -> str:
        lines = [self.headings, *self.rows]
        widths = [min(NARROW, max(len(line[i]) for line in lines)) for i in range(len(self.headings))]
        text = "\n".join(
            "  ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)).rstrip() for line in lines
        )
        return f"{text}\n\n{self.after}".rstrip()

    def _repr_html_(self) -> str:
        head = "".join(f"<th style='text-align:left'>{html.escape(h)}</th>" for h in self.headings)
        body = "".join(
            "<tr>" + "".join(f"<td style='text-align:left'>{html.escape(c)}</td>" for c in row) + "</tr>"
            for row in self.rows
        )
        after = f"<pre style='font-family:monospace'>{html.escape(self.after)}</pre>" if self.after else ""
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{after}"


def show(thing: object) -> None:
    """Display what an operation did, records as a table, a picture, a widget or a text; None shows nothing."""
    if isinstance(thing, Done):
        show(done_table(thing))
    elif isinstance(thing, list | tuple) and thing and is_dataclass(thing[0]):
        _display(records_table(thing))
    elif hasattr(thing, "_repr_png_") or hasattr(thing, "_repr_html_"):
        _display(thing)
    elif hasattr(thing, "_repr_mimebundle_"):
        display(thing)
    elif thing in ((), []):
        print("none")
    elif thing is not None:
        print(outward(str(thing)))


def _display(thing: object) -> None:
    """One output, with plain text for a terminal: `str`, as the `repr` of a picture would be its bytes."""
    bundle = {"text/plain": outward(str(thing))}
    if hasattr(thing, "_repr_png_"):
        bundle["image/png"] = base64.b64encode(thing._repr_png_()).decode()
    if hasattr(thing, "_repr_html_"):
        bundle["text/html"] = outward(thing._repr_html_())
    display(bundle, raw=True)


def done_table(done: Done) -> Table | str:
    """What an operation did; one sentence where every host was right already."""
    if done.count == 0 and not any(change.held_back for change in done.changes):
        return f"{done.title}: nothing to do. " + "; ".join(f"{c.host}: {c.title}" for c in done.changes)
    return changes_table(done.changes)


def changes_table(changes: Sequence[Change]) -> Table:
    """A row a change, and below the table the diffs of the files that they write."""
    rows = [(c.host, _what(c), c.was, "; ".join(str(action) for action in c.actions)) for c in changes]
    return Table(("host", "change", "found", "done by"), rows, _diffs(changes))


def _diffs(changes: Sequence[Change]) -> str:
    """Each diff below the names of the hosts that it is made on; equal ones once."""
    hosts: dict[str, list[str]] = {}
    for change in changes:
        if change.diff:
            hosts.setdefault(change.diff, []).append(change.host)
    return "\n".join(f"on {' and '.join(names)}:\n{diff}" for diff, names in hosts.items())


def _what(change: Change) -> str:
    warned = f" (WARNED: {change.warning})" if change.warning else ""
    return f"{change.outlook}{warned}"


def records_table(records: Sequence[Any]) -> Table:
    """A row a record, its field names as headings."""
    names = [field.name for field in fields(records[0])]
    return Table([n.replace("_", " ") for n in names], [[getattr(r, n) for n in names] for r in records])
