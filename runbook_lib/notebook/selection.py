"""Which notebooks a run executes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from runbook_lib.errors import ParameterError
from runbook_lib.notebook.notebook_file import Notebook

ALWAYS_NAMED = frozenset({"10", "11", "90"})
"""Hours of trials, and the removal of everything: only `--only` runs them."""


@dataclass(frozen=True)
class Selection:
    """What --from, --to and --only said; None where they were not given."""

    first: str | None = None
    last: str | None = None
    only: str | None = None


def select(notebooks: Sequence[Notebook], selection: Selection) -> tuple[Notebook, ...]:
    """The notebooks to run, in the order of their numbers. Raises ParameterError for a number that is none. Pure."""
    if selection.only is not None:
        return _only(notebooks, selection.only, selection)
    usual = [n for n in notebooks if n.number not in ALWAYS_NAMED]
    first, last = (_usual(notebooks, number) for number in (selection.first, selection.last))
    chosen = tuple(n for n in usual if (first or "00") <= n.number <= (last or "99"))
    if not chosen:
        raise ParameterError(
            f"No notebook lies between {first or usual[0].number} and {last or usual[-1].number}.",
            "Give the smaller number to --from.",
        )
    return chosen


def _only(notebooks: Sequence[Notebook], only: str, selection: Selection) -> tuple[Notebook, ...]:
    if selection.first is not None or selection.last is not None:
        raise ParameterError("--only goes with neither --from nor --to.", "Give either --only or the two others.")
    numbers = {_known(notebooks, number.strip()) for number in only.split(",")}
    return tuple(n for n in notebooks if n.number in numbers)


def _usual(notebooks: Sequence[Notebook], number: str | None) -> str:
    if number is None:
        return ""
    known = _known(notebooks, number)
    if known in ALWAYS_NAMED:
        raise ParameterError(f"Notebook {known} runs only when named.", f"Name it: --only {known}")
    return known


def _known(notebooks: Sequence[Notebook], number: str) -> str:
    padded = number.zfill(2) if number else ""
    if padded not in {n.number for n in notebooks}:
        there = ", ".join(n.number for n in notebooks) or "none"
        raise ParameterError(f"There is no notebook {number!r}.", f"There are: {there}.")
    return padded
