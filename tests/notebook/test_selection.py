"""--from, --to, --only."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbook_lib.errors import ParameterError
from runbook_lib.notebook.notebook_file import Notebook
from runbook_lib.notebook.selection import Selection, select

ALL = tuple(Notebook(n, Path(f"{n}-x.ipynb"), ()) for n in ("00", "01", "02", "09", "10", "11", "90", "99"))


def numbers(**said: str) -> str:
    return " ".join(n.number for n in select(ALL, Selection(**said)))


@pytest.mark.parametrize(
    ("said", "chosen"),
    [
        ({}, "00 01 02 09 99"),
        ({"first": "01"}, "01 02 09 99"),
        ({"last": "02"}, "00 01 02"),
        ({"first": "1", "last": "9"}, "01 02 09"),
        ({"only": "09,01"}, "01 09"),
        ({"only": "90"}, "90"),
        ({"only": "10, 11"}, "10 11"),
    ],
)
def test_chosen(said: dict[str, str], chosen: str) -> None:
    assert numbers(**said) == chosen


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"only": "12"}, "There is no notebook '12'. There are: 00, 01, 02, 09, 10, 11, 90, 99."),
        ({"first": "xx"}, "There is no notebook 'xx'. There are: 00, 01, 02, 09, 10, 11, 90, 99."),
        ({"only": ","}, "There is no notebook ''. There are: 00, 01, 02, 09, 10, 11, 90, 99."),
        ({"last": "90"}, "Notebook 90 runs only when named. Name it: --only 90"),
        ({"first": "10"}, "Notebook 10 runs only when named. Name it: --only 10"),
        ({"first": "09", "last": "01"}, "No notebook lies between 09 and 01. Give the smaller number to --from."),
        (
            {"only": "01", "last": "02"},
            "--only goes with neither --from nor --to. Give either --only or the two others.",
        ),
    ],
)
def test_refused(said: dict[str, str], why: str) -> None:
    with pytest.raises(ParameterError) as caught:
        numbers(**said)
    assert str(caught.value) == why
