"""Predict, inject and measure a failover. The chart has a module of its own: it brings matplotlib."""

from runbook_lib.failover.catalogue import FAULTS, Fault, fault_named
from runbook_lib.failover.claims import application_follows, none_left, outage_in_band, restored
from runbook_lib.failover.combinations import combinations_as_predicted, four_combinations
from runbook_lib.failover.faults import undo_recorded_faults
from runbook_lib.failover.outlook import disturbances, moments, predictions, seen_by_application
from runbook_lib.failover.steady import steady_state
from runbook_lib.failover.trial import measure_failover
from runbook_lib.failover.trial_record import Skipped, Trial

__all__ = [
    "FAULTS",
    "Fault",
    "Skipped",
    "Trial",
    "application_follows",
    "combinations_as_predicted",
    "disturbances",
    "fault_named",
    "four_combinations",
    "measure_failover",
    "moments",
    "none_left",
    "outage_in_band",
    "predictions",
    "restored",
    "seen_by_application",
    "steady_state",
    "undo_recorded_faults",
]
