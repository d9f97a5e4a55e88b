from __future__ import annotations

from dataclasses import replace

import pytest
from frames import VIP
from raw_trials import ZERO, raw_trial, stamp
from trials import trial

from runbook_lib.checks.verdict import Skipped
from runbook_lib.errors import ParameterError
from runbook_lib.failover.faults.catalogue import FAULTS
from runbook_lib.failover.theory.band import Band
from runbook_lib.failover.trials.outlook import Moment, moments, predictions
from runbook_lib.site import Site


def test_every_fault_stands_in_the_table_and_the_chosen_one_is_marked() -> None:
    rows = {row.fault: row for row in predictions(Site(), "shutdown-master")}
    assert list(rows) == [f"{name} ← this run" if name == "shutdown-master" else name for name in FAULTS]
    assert rows["stop-openresty"].predicted_outage == "1.000-1.400 s"
    assert rows["power-off-master"].predicted_outage == "2.805-3.805 s"


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


def test_the_return_of_the_vip_is_told_also_where_it_cost_nothing() -> None:
    raw, made = raw_trial(), trial(band=Band(2.805, 3.805, ""))
    back = f"[{stamp(ZERO + 8.6)}] 2: ens33    inet {VIP}/24 scope global\n"
    addresses = {**raw.addresses, "node129": raw.addresses["node129"] + back}
    told = moments(
        replace(
            made,
            recording=raw.recording,
            capture=raw.capture,
            addresses=addresses,
            router_id=raw.router_id,
            fault_s=raw.fault_s,
            undone_s=raw.undone_s,
            steady_s=raw.steady_s,
        )
    )
    assert not isinstance(told, Skipped)
    assert told[-2] == Moment("+5.300", "node129 takes the VIP back")


def test_a_skipped_trial_has_no_moments() -> None:
    skipped = Skipped("observer: none")
    assert moments(skipped) is skipped
