from __future__ import annotations

from pathlib import Path

import pytest

from runbook_lib.lab.jar_list import difference, hash_jars, parse_list, render_list


def test_a_list_is_read_back_as_it_was_written() -> None:
    jars = {"b.jar": "22", "a.jar": "11"}
    assert render_list(jars) == "11  a.jar\n22  b.jar\n"
    assert parse_list(render_list(jars)) == jars


def test_every_jar_of_a_folder_is_hashed_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "a.jar").write_bytes(b"")
    (tmp_path / "SHA256SUMS").write_text("")
    assert hash_jars(tmp_path) == {"a.jar": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ({"a.jar": "11", "b.jar": "22"}, ""),
        ({"a.jar": "11"}, "b.jar is missing"),
        ({"a.jar": "11", "b.jar": "22", "c.jar": "33"}, "c.jar does not belong there"),
        ({"a.jar": "11", "b.jar": "99"}, "b.jar has the SHA-256 99, not the recorded 22"),
    ],
)
def test_a_difference_names_the_jar(found: dict[str, str], said: str) -> None:
    assert difference(found, {"a.jar": "11", "b.jar": "22"}) == said
