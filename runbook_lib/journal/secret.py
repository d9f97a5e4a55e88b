"""A secret is an object, not a string: shlex.quote would turn a str subclass back into plain text."""

from __future__ import annotations

import base64
import shlex
from collections.abc import Iterable

MASK = "•••"


class Secret:
    """A password or the like. `reveal()` is the one way to its text; every other rendering is masked."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The text itself, for the one place that needs it."""
        return self._value

    def __repr__(self) -> str:
        return MASK

    __str__ = __repr__


def redact(text: str, secrets: Iterable[Secret]) -> str:
    """`text` with every secret masked, in plain, shell-quoted and base64 form. Pure."""
    for secret in secrets:
        plain = secret.reveal()
        for form in (shlex.quote(plain), plain, base64.b64encode(plain.encode()).decode()):
            text = text.replace(form, MASK) if form.strip("'") else text
    return text
