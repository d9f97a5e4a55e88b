"""Text on its way out, to a terminal, a notebook or a file: no secret in it, and no control character.

What a machine returns is data. Its escape sequences would move the cursor of a terminal, rename its window or hide a
line; a sudo that echoes its input would put a password into a report. Every door through which text leaves calls
`outward`.
"""

from __future__ import annotations

import base64
import json
import re
import shlex
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import quote, quote_plus

MASK = "•••"
SHORTEST = 4
"""Of what is masked, in characters: a shorter piece occurs in any text, and masking it would hide what matters."""
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 but tab and newline, DEL, C1
    "\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff"  # no width, or another order of the line
    "\ud800-\udfff]"  # half a character: no encoding has it
)
_secrets: list[Secret] = []


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


def protect(secret: Secret) -> None:
    """From now on `outward` masks this secret in whatever leaves this process."""
    if all(known.reveal() != secret.reveal() for known in _secrets):
        _secrets.append(secret)


def masked(text: str) -> str:
    """`text` with every protected secret masked: for what has escape sequences of our own in it."""
    return redact(text, _secrets)


def outward(text: str) -> str:
    """The same, and control characters as Python writes them: `\\x1b`.

    Newline and tab stay. What changes the order of a line or has no width is written out, too.
    """
    return _UNSEEN.sub(lambda found: _written(found[0]), masked(text))


def outward_values(value: Any, shown: Callable[[str], str] = outward) -> Any:
    """Every text in a JSON value as `shown`; the names are ours, and a reader looks for them."""
    if isinstance(value, str):
        return shown(value)
    if isinstance(value, dict):
        return {key: outward_values(item, shown) for key, item in value.items()}
    return [outward_values(item, shown) for item in value] if isinstance(value, list | tuple) else value


def outward_json(value: Any) -> str:
    """JSON for people and programs, made of such values: masked afterwards it might be JSON no more."""
    return json.dumps(outward_values(value), indent=2, ensure_ascii=False)


def redact(text: str, secrets: Iterable[Secret]) -> str:
    """`text` with every secret masked: plain, quoted (shell, JSON, Python, URL), and inside of anything in base64."""
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
    yield from (json.dumps(plain, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False))
    yield from (repr(plain)[1:-1], quote(plain), quote(plain, safe=""), quote_plus(plain))
    # Inside of something longer it looks one of three ways, by where in base64's groups of three bytes it begins.
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + data).decode().rstrip("=")
        # The outermost digits depend on the neighbours, too: only those in between are the secret's own.
        own = encoded[(0, 2, 3)[before] : None if (before + len(data)) % 3 == 0 else -1]
        if len(own) >= SHORTEST:
            yield own


def _written(character: str) -> str:
    return character.encode("unicode_escape").decode()
