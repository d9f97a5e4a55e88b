"""What leaves: no secret in it, and no control character."""

from __future__ import annotations

import base64
import json
import shlex
import unicodedata
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook_lib.outward import MASK, Secret, outward, outward_json, outward_values, protect, redact

PASSWORD = "pa'ss \"wörd\\$/"


def test_a_secret_shows_its_text_only_when_asked() -> None:
    secret = Secret("hunter2")
    assert [str(secret), repr(secret), f"{secret}", shlex.quote(str(secret))] == [MASK, MASK, MASK, f"'{MASK}'"]
    assert secret.reveal() == "hunter2"


@pytest.mark.parametrize(
    "text",
    [
        PASSWORD,
        shlex.quote(PASSWORD),
        base64.b64encode(PASSWORD.encode()).decode(),
        json.dumps(PASSWORD)[1:-1],
        json.dumps(PASSWORD, ensure_ascii=False)[1:-1],
        repr(PASSWORD)[1:-1],
        quote(PASSWORD),
        quote_plus(PASSWORD),
    ],
    ids=["plain", "shell", "base64", "JSON in ASCII", "JSON", "Python", "URL", "form"],
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


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J\x07", r"\x1b[2J\x07"),
        ("a\tb\nc", "a\tb\nc"),
        ("HTTP/1.1 200\r\n", "HTTP/1.1 200\\r\n"),
        ("\x7f\x9b31m", r"\x7f\x9b31m"),
        ("user\u202egnp.exe", r"user\u202egnp.exe"),
        ("a\u2028b\u200b\ufeff", r"a\u2028b\u200b\ufeff"),
        ("节点 é €", "节点 é €"),
        (b"\xff".decode(errors="surrogateescape"), r"\udcff"),
    ],
)
def test_control_characters_are_written_as_python_does(text: str, shown: str) -> None:
    assert outward(text) == shown
    assert outward(shown) == shown


@given(st.text(st.characters(codec=None)))
def test_whatever_it_is_a_terminal_gets_letters(text: str) -> None:
    shown = outward(text)
    assert {c for c in shown if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp")} <= {"\n", "\t"}


def test_a_protected_secret_is_masked_even_if_it_has_control_characters() -> None:
    protect(Secret("pa\x1bss"))
    assert outward("pa\x1bss and pass") == f"{MASK} and pass"


def test_every_text_in_a_value_is_masked_and_the_names_stay() -> None:
    protect(Secret('a"b'))
    values = {'a"b': ['a"b', {"n": 1, "none": None, "true": True}, ("\x1b",)]}
    masked = {'a"b': [MASK, {"n": 1, "none": None, "true": True}, ["\\x1b"]]}
    assert outward_values(values) == masked
    assert json.loads(outward_json(values)) == masked


@given(st.text(st.characters(codec="utf-8")), st.text(st.characters(codec="utf-8"), min_size=1))
def test_json_stays_json_whatever_the_text_and_the_secret(text: str, secret: str) -> None:
    protect(Secret(secret))
    assert json.loads(outward_json([text, 12])) == [outward(text), 12]
