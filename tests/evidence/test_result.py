"""result.json: what a run says of itself to other tools."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from records import change, judged, record

from runbook_lib.evidence import (
    Frame,
    NotebookResult,
    Outcome,
    checks_judged,
    count_changes,
    keepalived_found,
    render_result,
    warnings_given,
)
from runbook_lib.evidence.bundle import create_bundle
from runbook_lib.evidence.surroundings import Operator
from runbook_lib.journal import FaultApplied, KeepalivedFound, Record
from runbook_lib.outward import Secret, protect

FRAME = Frame(
    run_id="1a2b3c4d",
    started=datetime(2024, 1, 1, 10, 0, 0, tzinfo=UTC),
    finished=datetime(2024, 1, 1, 10, 1, 2, 345678, tzinfo=UTC),
    operator=Operator(0, "root", 1000, "alice", "alice"),
    controller="desk",
    commit=None,
    parameters_sha256="aa" * 32,
    substrate="lab",
    reason="变更 42",
)


def made(node: str, version: str = "2.1.5", source: str = "s1", binary: str = "b1") -> Record:
    return record(KeepalivedFound(node, version, "k.tar.gz", source, binary, "./configure", "", "gcc 12.2.0"))


def test_the_whole_result() -> None:
    records = [record(change()), record(judged("PASSED", "both", "no hint")), made("node129")]
    notebooks = [NotebookResult("05-write-configuration", Outcome.PASSED, 1.5)]
    text = render_result(FRAME, notebooks, records, Outcome.WARNED, "")
    assert text.endswith("}\n")
    assert '"reason": "变更 42"' in text
    assert json.loads(text) == {
        "schema": "runbook-result/2",
        "run_id": "1a2b3c4d",
        "verdict": "WARNED",
        "exit_status": 3,
        "error": "",
        "started": "2024-01-01T10:00:00.000Z",
        "finished": "2024-01-01T10:01:02.345Z",
        "operator": {
            "uid": 0,
            "user": "root",
            "login_uid": 1000,
            "login_user": "alice",
            "claimed_sudo_user": "alice",
        },
        "controller": "desk",
        "commit": None,
        "parameters_sha256": "aa" * 32,
        "substrate": "lab",
        "keepalived": {"version": "2.1.5", "source_sha256": "s1", "binary_sha256": "b1"},
        "reason": "变更 42",
        "changes": 1,
        "notebooks": [{"name": "05-write-configuration", "verdict": "PASSED", "seconds": 1.5}],
        "checks": [{"id": "a.b", "verdict": "PASSED", "observed": "both", "hint": "no hint"}],
    }


def test_the_error_that_ended_a_run_stands_in_it() -> None:
    values = json.loads(render_result(FRAME, [], [], Outcome.ERROR, "node128: no answer."))
    assert (values["error"], values["exit_status"], values["checks"]) == ("node128: no answer.", 2, [])


@pytest.mark.parametrize(("notebook", "count"), [(None, 3), ("02", 2), ("05", 1), ("07", 0)])
def test_changes_are_counted_of_a_run_or_of_one_notebook_and_faults_are_none(notebook: str | None, count: int) -> None:
    records = [
        record(change(), "02"),
        record(judged("PASSED"), "02"),
        record(change(), "02"),
        record(change(), "05"),
        record(FaultApplied("f1", "2024-01-01T00:00:00+00:00"), "07"),
    ]
    assert count_changes(records, notebook) == count


def test_checks_stand_in_the_order_of_time() -> None:
    records = [record(judged("FAILED", "not yet")), record(change()), record(judged("PASSED", "now"))]
    assert [check["observed"] for check in checks_judged(records)] == ["not yet", "now"]


def test_each_warning_is_given_once_in_the_order_of_time() -> None:
    records = [
        record(change("2.2.7 stands in")),
        record(judged("PASSED", "fine", "no hint")),
        record(judged("WARNED", "2.2.7 runs", "Give 2.1.5.")),
        record(change("2.2.7 stands in")),
        record(change("2.2.7 stands in", host="node129")),
        record(change()),
        record(judged("WARNED", "clocks apart", "Run chrony.")),
        record(judged("FAILED", "nobody", "Start it.")),
    ]
    assert warnings_given(records) == (
        "node128: 2.2.7 stands in.",
        "a.b: 2.2.7 runs. Give 2.1.5.",
        "node129: 2.2.7 stands in.",
        "a.b: clocks apart. Run chrony.",
    )


@pytest.mark.parametrize(
    ("records", "found"),
    [
        ([], (None, None, None)),
        ([record(change())], (None, None, None)),
        ([made("node129"), made("node128")], ("2.1.5", "s1", "b1")),
        ([made("node129", binary="b2"), made("node128")], ("2.1.5", "s1", "b1,b2")),
        ([made("node129", "2.1.5"), made("node129", "2.2.7", "s2", "b2")], ("2.2.7", "s2", "b2")),
        ([made("node129", "2.2.7", "s2"), made("node128")], ("2.1.5,2.2.7", "s1,s2", "b1")),
        ([made("node129", binary="")], ("2.1.5", "s1", None)),
    ],
)
def test_the_last_note_about_each_node_says_which_keepalived_it_has(
    records: list[Record], found: tuple[str | None, ...]
) -> None:
    assert tuple(keepalived_found(records).values()) == found
    assert list(keepalived_found(records)) == ["version", "source_sha256", "binary_sha256"]


def test_no_secret_gets_into_it_also_one_that_json_would_escape() -> None:
    protect(Secret('pa"ss'))
    text = render_result(FRAME, [], [record(judged("UNKNOWN", 'sudo said pa"ss\x9b'))], Outcome.UNKNOWN, 'pa"ss')
    values = json.loads(text)
    assert (values["error"], values["checks"][0]["observed"]) == ("•••", "sudo said •••\\x9b")


@pytest.mark.parametrize("password", ["1000", "exit", "run_id", "verdict"])
def test_a_password_of_digits_or_of_our_words_leaves_json_with_its_names(tmp_path: Path, password: str) -> None:
    names = json.loads(render_result(FRAME, [], [], Outcome.ERROR, "")).keys()
    protect(Secret(password))
    bundle = create_bundle(tmp_path, "")
    bundle.write("result.json", render_result(FRAME, [], [], Outcome.ERROR, ""))
    values = json.loads((bundle.path / "result.json").read_text())
    assert values.keys() == names
    assert values["operator"]["login_uid"] == 1000
