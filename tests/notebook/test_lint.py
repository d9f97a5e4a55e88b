from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from runbook_lib.chapter.config import render_configuration
from runbook_lib.errors import ParameterError
from runbook_lib.notebook.lint import lint_files, read_pair
from runbook_lib.site import parse_site


def write_pair(folder: Path, old: str, new: str) -> tuple[str, str]:
    """Our pair's files, with one thing changed in the BACKUP's."""
    model = parse_site({})
    for name, node in (("a.conf", model.nodes.master), ("b.conf", model.nodes.backup)):
        (folder / name).write_text(render_configuration(model, node))
    a, b = folder / "a.conf", folder / "b.conf"
    assert old in b.read_text()
    b.write_text(b.read_text().replace(old, new))
    return str(a), str(b)


def test_findings_are_printed_as_compilers_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a, b = write_pair(tmp_path, "virtual_router_id 51", "virtual_router_id 52")
    assert lint_files(a, b, as_json=False) == 1
    assert capsys.readouterr().out == (
        f"{b}:19: ERROR equal-on-both: virtual_router_id is 51 on a.conf and 52 on b.conf (and {a}:19)\n"
        "    -> Make virtual_router_id equal: else each node drops the other's advertisements and both hold the VIP.\n"
    )


def test_findings_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a, b = write_pair(tmp_path, "priority 50", "priority 100")
    assert lint_files(a, b, as_json=True) == 1
    assert json.loads(capsys.readouterr().out) == [
        {
            "rule": "priorities",
            "level": "ERROR",
            "file": b,
            "line": 21,
            "also": [{"file": a, "line": 21}],
            "why": "both nodes have priority 100: the higher address wins, by luck",
            "cure": "Give the MASTER a higher priority.",
        }
    ]


def test_a_clean_pair_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pair = write_pair(tmp_path, "", "")
    assert lint_files(*pair, as_json=False) == 0
    assert lint_files(*pair, as_json=True) == 0
    assert capsys.readouterr().out == "No finding.\n[]\n"


def test_files_of_one_name_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    paths = []
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "keepalived.conf").write_text("global_defs {\n}\n")
        paths.append(str(tmp_path / folder / "keepalived.conf"))
    assert [node.name for node in read_pair(*paths)] == paths
    assert [node.name for node in read_pair(f"{paths[0]}@one", f"{paths[0]}@two")] == ["one", "two"]


def test_the_command_ends_with_2_where_a_file_can_not_be_parsed(tmp_path: Path) -> None:
    a, b = write_pair(tmp_path, "    }\n}\n", "    }\n")
    command = [sys.executable, "-m", "runbook_lib", "lint", a, b]
    ran = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr == (
        f"runbook: {b}:16: the '{{' of vrrp_instance VI_1 is never closed. "
        "keepalived would misread what follows: correct it first.\n"
    )


def test_a_file_that_is_something_else_is_not_judged(tmp_path: Path) -> None:
    a, b = write_pair(tmp_path, "router_id", "router_id")
    Path(b).write_text("# Read me\nSome prose, and more of it.\n")
    with pytest.raises(ParameterError) as error:
        lint_files(a, b, as_json=False)
    assert str(error.value) == (
        f"{b} is no keepalived.conf: it knows not one of its statements. Name two files as keepalived reads them."
    )


def test_what_a_file_says_moves_no_cursor_and_fills_no_screen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    a, b = write_pair(tmp_path, "advert_int 1", "\x1b[31m" + "x" * 3000 + "\n    advert_int 1")
    assert lint_files(a, b, as_json=False) == 1
    out = capsys.readouterr().out
    assert "\ufffd[31mxxx" in out
    assert "\x1b" not in out
    assert max(map(len, out.splitlines())) < 600
