from __future__ import annotations

import base64
import shlex

import pytest

from runbook_lib.journal import MASK, Secret, redact

PASSWORD = "pa'ss wörd$"


def test_a_secret_shows_its_text_only_when_asked() -> None:
    secret = Secret("hunter2")
    assert [str(secret), repr(secret), f"{secret}", shlex.quote(str(secret))] == [MASK, MASK, MASK, f"'{MASK}'"]
    assert secret.reveal() == "hunter2"


@pytest.mark.parametrize(
    "text",
    [PASSWORD, shlex.quote(PASSWORD), base64.b64encode(PASSWORD.encode()).decode()],
    ids=["plain", "shell-quoted", "base64"],
)
def test_every_form_of_a_secret_is_masked(text: str) -> None:
    assert redact(f"before {text} after", [Secret(PASSWORD)]) == f"before {MASK} after"


@pytest.mark.parametrize("before", ["", "u", "us", "use", "user"])
@pytest.mark.parametrize("after", ["", "!", "!!", "!!!"])
def test_a_secret_inside_of_something_in_base64_is_masked(before: str, after: str) -> None:
    encoded = base64.b64encode(f"{before}correct horse{after}".encode()).decode()
    masked = redact(encoded, [Secret("correct horse")])
    assert MASK in masked
    # A digit at either end belongs to the secret and its neighbour both.
    assert len(masked.replace(MASK, "").rstrip("=")) <= len(before + after) / 3 * 4 + 2


def test_of_a_secret_that_is_part_of_another_no_rest_is_left() -> None:
    assert redact("open sesame now", [Secret("open"), Secret("open sesame")]) == f"{MASK} now"


def test_an_empty_secret_masks_nothing() -> None:
    assert redact("text", [Secret("")]) == "text"
