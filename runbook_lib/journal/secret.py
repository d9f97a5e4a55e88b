"""A secret is an object, not a string: shlex.quote would turn a str subclass back into plain text."""

from __future__ import annotations

import base64
import shlex
from collections.abc import Iterable, Iterator

MASK = "•••"
SHORTEST_BASE64 = 4
"""A shorter piece of base64 occurs in any text, and masking it would hide what matters."""


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


def redact(text: str, secrets: Iterable[Secret]) -> str:
    """`text` with every secret masked: plain, shell-quoted, and inside of anything in base64. Pure."""
    forms = {form for secret in secrets for form in _forms(secret.reveal())}
    # The longest first: a secret that is a part of another would else leave the other's rest.
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, MASK)
    return text


def _forms(plain: str) -> Iterator[str]:
    if not plain:
        return
    data = plain.encode()
    yield from (plain, shlex.quote(plain), base64.b64encode(data).decode())
    # Inside of something longer it looks one of three ways, by where in base64's groups of three bytes it begins.
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + data).decode().rstrip("=")
        # The outermost digits depend on the neighbours, too: only those in between are the secret's own.
        own = encoded[(0, 2, 3)[before] : None if (before + len(data)) % 3 == 0 else -1]
        if len(own) >= SHORTEST_BASE64:
            yield own
