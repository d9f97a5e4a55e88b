from __future__ import annotations

import pytest

from runbook_lib.chapter.change import Change, Command


@pytest.mark.parametrize(
    ("change", "is_none", "outlook"),
    [
        (Change("node129", "start x", (Command("true"),)), False, "start x"),
        (Change.none("node129", "x is right"), True, "no change: x is right"),
        (Change("node129", "x: not restarted", held_back=True), True, "HELD BACK: x: not restarted"),
    ],
)
def test_what_becomes_of_it_stands_before_its_title(change: Change, is_none: bool, outlook: str) -> None:
    assert (change.is_none, change.outlook) == (is_none, outlook)
