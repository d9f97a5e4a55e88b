"""A machine's answer is data: a number is read as one, and of paths that were asked about our own are kept. Pure."""

from __future__ import annotations

_DIGITS = 18


def whole_number(text: str) -> int | None:
    """The number that a word is, of at most 18 ASCII digits; None: it is something else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS else None
