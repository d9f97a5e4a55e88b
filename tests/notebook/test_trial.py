"""`runbook trial`: what it refuses, and, on a lab, a table whose numbers can be computed again from its folder."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest
from chapter_run import Finished

from runbook_lib.errors import FaultError, ParameterError
from runbook_lib.evidence import BundleError, create_bundle_at
from runbook_lib.failover.trials.comparison import Summary
from runbook_lib.failover.trials.series import row_of
from runbook_lib.failover.trials.trial_files import read_trial
from runbook_lib.notebook.repository import repository_top
from runbook_lib.notebook.trial import TrialRequest, figures_of, trial


def test_a_site_that_allows_no_fault_refuses(tmp_path: Path) -> None:
    file = tmp_path / "site.yaml"
    file.write_text("site: {substrate: ssh}")
    with pytest.raises(FaultError) as error:
        trial(TrialRequest("stop-keepalived", 1, file, out=tmp_path / "out"))
    assert str(error.value) == (
        "stop-keepalived is refused: a fault needs disruption: faults, the site allows none. "
        "Say otherwise in the parameter file, or by -p; what this site can undo: runbook fault list -f FILE"
    )
    with pytest.raises(ParameterError, match="Did you mean 'stop-keepalived'"):
        trial(TrialRequest("stop-keepalive", 1, file))
    assert not (tmp_path / "out").exists()


def test_a_folder_with_something_in_it_is_kept(tmp_path: Path) -> None:
    create_bundle_at(tmp_path / "new", "site: {}")
    with pytest.raises(BundleError) as error:
        create_bundle_at(tmp_path / "new", "site: {}")
    said = f"{tmp_path}/new is not empty, and what is there is kept. Give another folder: --out DIR"
    assert str(error.value) == said
    with pytest.raises(BundleError, match="is not empty"):  # before any machine is asked
        trial(TrialRequest("stop-keepalived", 1, repository_top() / "parameters" / "lab.yaml", out=tmp_path / "new"))


def test_a_series_ends_with_its_figures() -> None:
    row = Summary("x", "0.805 s", "0.800-0.810 s", "0.810 s", "20 of 20", "6 ms, 12 ms", 0)
    assert list(figures_of(row)) == [
        "measured 0.800-0.810 s, 0.810 s in the median",
        "exact prediction off by 6 ms, 12 ms (median, 95th percentile)",
    ]
    assert list(figures_of(replace(row, measured="", median="", exact_off=""))) == []


def test_a_folder_whose_name_no_file_system_takes(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"can't be made: File name too long\. Give another folder: --out DIR"):
        trial(TrialRequest("stop-keepalived", 1, tmp_path / "site.yaml", out=tmp_path / ("x" * 300)))


@pytest.mark.lab
def test_every_number_of_the_table_follows_from_the_folder(finished: Finished, tmp_path: Path) -> None:
    folder = tmp_path / "trials"
    site = finished.site
    ended = site.runbook("trial", "stop-keepalived", "-n", "2", "--seed", "5", "--out", str(folder))
    rows = list(csv.DictReader((folder / "trials.csv").read_text().splitlines()))
    assert ended.returncode == (1 if "FAILED" in {row["verdict"] for row in rows} else 0), ended.stderr
    assert ended.stdout.splitlines()[-1] == str(folder)
    assert [row["trial"] for row in rows] == ["1", "2"]
    names = sorted(folder.glob("data/*.json"), key=lambda path: path.stat().st_mtime)
    for number, (path, row) in enumerate(zip(names, rows, strict=True), start=1):
        again = row_of(number, read_trial(path.parent, path.stem))
        assert {key: str(value).lower() for key, value in vars(again).items()} == {k: v.lower() for k, v in row.items()}
        assert json.loads(path.read_text())["facts"]["seed"] == int(row["seed"])
        judged = (row["disturbed"], row["verdict"]) == ("false", "PASSED")
        assert abs(float(row["predicted_ms"]) - float(row["measured_ms"])) < 50 or not judged
    drawn = {path.stem for path in folder.glob("figures/*.png")}
    assert drawn == {"stop-keepalived", *(path.stem for path in names)}


@pytest.mark.lab
def test_daemons_that_run_something_else_are_not_measured(finished: Finished, tmp_path: Path) -> None:
    ended = finished.site.runbook("trial", "stop-keepalived", "-p", "vrrp.advert_int=2", "--out", str(tmp_path / "x"))
    assert ended.returncode == 1
    said = "failover.steady-state is FAILED: config.installed: node129: another text; node128: another text."
    assert said in ended.stderr
    assert not (tmp_path / "x").exists()
