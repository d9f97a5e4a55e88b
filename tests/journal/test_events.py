from __future__ import annotations

from typing import get_args

from runbook_lib.journal import Event, shorten


def test_the_kind_of_an_event_is_its_name() -> None:
    assert [event.kind for event in get_args(Event)] == [event.__name__ for event in get_args(Event)]


def test_a_long_text_keeps_both_ends_and_says_how_long_it_was() -> None:
    assert shorten("a" * 10 + "b" * 10, limit=8) == "aaaa\n… 20 characters in all …\nbbbb"


def test_a_short_text_stays() -> None:
    assert shorten("12345678", limit=8) == "12345678"
