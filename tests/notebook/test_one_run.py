"""Two runs at one site."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbook_lib.notebook.one_run import BusyError, only_run
from runbook_lib.site import Site, parse_site


def test_the_second_run_at_a_site_is_refused_with_what_the_first_told(tmp_path: Path) -> None:
    first, second = only_run(Site(), "the first", tmp_path), only_run(Site(), "the second", tmp_path)
    with first, pytest.raises(BusyError) as refused, second:
        pass
    assert str(refused.value) == "Another run is at this site: the first. Wait for its end, or interrupt it."


def test_afterwards_and_at_another_site_there_is_room(tmp_path: Path) -> None:
    with only_run(Site(), "a", tmp_path), only_run(parse_site({"lab": {"name": "other"}}), "b", tmp_path):
        pass
    with only_run(Site(), "c", tmp_path):
        pass


def test_two_files_that_speak_of_the_same_machines_are_one_site(tmp_path: Path) -> None:
    first, second = (parse_site({"substrate": "ssh", "weight": weight}) for weight in (0, -20))
    with only_run(first, "a", tmp_path), pytest.raises(BusyError), only_run(second, "b", tmp_path):
        pass
