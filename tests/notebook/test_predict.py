from __future__ import annotations

import json
from pathlib import Path

import pytest
from rendered_pair import rendered

from runbook_lib.errors import ParameterError
from runbook_lib.failover.theory.predictions import THEORIES
from runbook_lib.notebook.predict import predict_files


def test_the_table_names_each_fault_its_outage_and_the_parts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert predict_files(*rendered(tmp_path), as_json=False) == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert lines[0] == (
        "VI_1: node129.conf holds 192.168.42.130/24, node128.conf stands by; VRRP version 2, an advertisement every 1 s"
    )
    assert [line.split()[0] for line in lines[1:] if not line.startswith(" ")] == list(THEORIES)
    at = lines.index("power-off-master        2.805-3.805 s")
    assert lines[at + 1 : at + 4] == [
        "    up to 1 s until the next advertisement would have come",
        "    2 more that don't come, 2 s",
        "    skew, 0.805 s: the standby's priority is 50",
    ]
    assert err == ""


def test_for_programs_an_outage_without_end_is_null(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert predict_files(*rendered(tmp_path, weight=-20), as_json=True) == 0
    rows = {row["fault"]: row for row in json.loads(capsys.readouterr().out)}
    assert list(rows) == list(THEORIES)
    assert (rows["stop-keepalived"]["low_ms"], rows["stop-keepalived"]["high_ms"]) == (804.7, 804.7)
    never = rows["openresty-cannot-start"]
    why = "weight -20: 80 is not below the 50 of node128.conf"
    assert never == {
        "instance": "VI_1",
        "fault": "openresty-cannot-start",
        "low_ms": None,
        "high_ms": None,
        "because": why,
        "parts": [{"name": "no takeover", "low_ms": None, "high_ms": None, "words": why}],
    }
    assert (rows["vrrp-loss"]["low_ms"], rows["vrrp-loss"]["high_ms"]) == (0.0, None)


def test_a_pair_that_can_not_work_is_said_beside_its_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a, b = rendered(tmp_path)
    Path(b).write_text(Path(b).read_text().replace("virtual_router_id 51", "virtual_router_id 52"))
    assert predict_files(a, b, as_json=False) == 0
    assert capsys.readouterr().err == (
        f"runbook: `runbook lint {a} {b}` finds 1 error in this pair: it will not behave as predicted.\n"
    )


def test_files_without_a_common_instance(tmp_path: Path) -> None:
    a, b = rendered(tmp_path)
    Path(b).write_text("global_defs {\n}\n")
    with pytest.raises(ParameterError) as error:
        predict_files(a, b, as_json=False)
    assert str(error.value) == (
        "node129.conf and node128.conf have no vrrp_instance in common. "
        "Name the files of the two nodes that share a VIP."
    )
