from __future__ import annotations

import pytest
from trials import trial

from runbook_lib.errors import ParameterError
from runbook_lib.failover.outlook import Moment, moments, predictions
from runbook_lib.failover.trial_record import Skipped
from runbook_lib.site import Site


def test_every_fault_stands_in_the_table_and_the_chosen_one_is_marked() -> None:
    rows = predictions(Site(), "shutdown-master")
    assert [row.fault for row in rows] == [
        "stop-openresty",
        "openresty-cannot-start",
        "stop-keepalived",
        "shutdown-master ← this run",
        "power-off-master",
    ]
    assert [row.predicted_outage for row in rows] == [
        "1.000-1.400 s",
        "2.805-4.905 s",
        "0.805 s",
        "0.805 s",
        "2.805-3.805 s",
    ]


def test_a_misspelt_fault_stops_before_anything_is_disturbed() -> None:
    with pytest.raises(ParameterError) as error:
        predictions(Site(), "power-of-master")
    assert str(error.value) == "fault = 'power-of-master' is no fault. Did you mean 'power-off-master'?"


def test_a_trial_is_told_in_order() -> None:
    assert moments(trial()) == (
        Moment("+0.000", "the MASTER is shut down"),
        Moment("+0.005", "the first request is lost"),
        Moment("+0.825", "node128 answers: 820 ms (+10/−10 ms; 82 timeout)"),
        Moment("+3.005", "the undo begins"),
        Moment("+4.505", "steady state again"),
    )


def test_a_skipped_trial_has_no_moments() -> None:
    skipped = Skipped("observer: none")
    assert moments(skipped) is skipped
