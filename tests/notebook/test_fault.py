"""`runbook fault`: the catalogue as a table and for programs, and what is refused before a machine is asked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runbook_lib.errors import FaultError, ParameterError
from runbook_lib.failover import FAULTS
from runbook_lib.notebook import fault
from runbook_lib.notebook.fault_tables import render_faults, render_faults_json
from runbook_lib.site import Site, parse_site

SSH = "site: {substrate: ssh, disruption: faults}"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "site.yaml"


def test_for_programs_each_fault_has_four_keys() -> None:
    rows = {row["id"]: row for row in json.loads(render_faults_json(fault.fault_rows(Site())))}
    assert list(rows) == list(FAULTS)
    assert rows["power-off-master"] == {
        "id": "power-off-master", "title": "The MASTER loses its power", "band_ms": [2804.7, 3804.7],
        "undoable_here": True,
    }  # fmt: skip
    assert all(row["undoable_here"] for row in rows.values())


def test_an_outage_until_the_undo_has_no_numbers() -> None:
    rows = {row.fault.name: row for row in fault.fault_rows(parse_site({"weight": -20}))}
    assert rows["openresty-cannot-start"].band_ms is None
    assert "until the undo" in render_faults(list(rows.values()))


def test_ssh_has_those_that_need_no_lab_and_says_why_it_lacks_the_others() -> None:
    rows = fault.fault_rows(parse_site({"substrate": "ssh"}))
    lacking = {row.fault.name for row in rows if row.not_undoable}
    assert lacking == {"shutdown-master", "power-off-master", "reboot-master", "unplug-master", "stop-nacos"}
    assert render_faults(rows).count("REFUSED here: ") == len(lacking)


def test_the_list_asks_no_machine(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text("site: {lab: {name: never-started}}")
    assert fault.list_faults(file, ("vrrp.advert_int=2",), as_json=True) == 0
    rows = {row["id"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["power-off-master"]["band_ms"] == [4804.7, 6804.7]


@pytest.mark.parametrize(("disruption", "said"), [("none", True), ("faults", False)])
def test_the_list_says_where_none_may_come(
    disruption: str, said: bool, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(f"site: {{disruption: {disruption}}}")
    assert fault.list_faults(file, (), as_json=False) == 0
    assert ("None of them may come until the site says" in capsys.readouterr().out) is said


def test_an_unknown_fault_names_the_nearest(file: Path) -> None:
    file.write_text("site: {lab: {name: never-started}}")
    with pytest.raises(ParameterError) as error:
        fault.inject(file, (), "unplug-mastr", 60)
    assert str(error.value) == "fault = 'unplug-mastr' is no fault. Did you mean 'unplug-master'?"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("site: {substrate: ssh}", "a fault needs disruption: faults, the site allows none"),
        (SSH, "reboot-master needs a power switch to bring the machine back, and substrate ssh has none"),
    ],
)
def test_what_the_site_does_not_allow_is_refused(file: Path, text: str, reason: str) -> None:
    file.write_text(text)
    with pytest.raises(FaultError) as error:
        fault.inject(file, (), "reboot-master", 60)
    assert str(error.value) == (
        f"reboot-master is refused: {reason}. Say otherwise in the parameter file, or by -p; "
        "what this site can undo: runbook fault list -f FILE"
    )
