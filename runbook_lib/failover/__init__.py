"""Predict, inject and measure a failover. The chart has a module of its own: it brings matplotlib."""

from runbook_lib.checks.verdict import Skipped
from runbook_lib.failover.faults.catalogue import FAULTS, Fault, fault_named
from runbook_lib.failover.faults.inject import inject, not_undoable, why_not
from runbook_lib.failover.faults.injection import Injection
from runbook_lib.failover.faults.recovery import left_on, undo_recorded_faults
from runbook_lib.failover.theory.band import Band
from runbook_lib.failover.theory.pair import Pair
from runbook_lib.failover.theory.predictions import predict_outage
from runbook_lib.failover.trials.claims import application_follows, none_left, outage_in_band, restored
from runbook_lib.failover.trials.comparison import (
    Comparison,
    catalogue_as_predicted,
    compare_faults,
    exact_as_predicted,
    summaries,
)
from runbook_lib.failover.trials.outlook import every_fault, moments, predictions, seen_by_application
from runbook_lib.failover.trials.steady import steady_state
from runbook_lib.failover.trials.trial import measure_failover, steady_before
from runbook_lib.failover.trials.trial_record import Trial
from runbook_lib.failover.trials.tuning import VARIANTS, compare_configurations, comparison_of, costs, fast_enough
from runbook_lib.failover.trials.two_holders import breaches, holders_as_predicted
from runbook_lib.failover.trials.waiting import settles_within_s, wait_for_nodes

__all__ = [
    "FAULTS",
    "VARIANTS",
    "Band",
    "Comparison",
    "Fault",
    "Injection",
    "Pair",
    "Skipped",
    "Trial",
    "application_follows",
    "breaches",
    "catalogue_as_predicted",
    "compare_configurations",
    "compare_faults",
    "comparison_of",
    "costs",
    "every_fault",
    "exact_as_predicted",
    "fast_enough",
    "fault_named",
    "holders_as_predicted",
    "inject",
    "left_on",
    "measure_failover",
    "moments",
    "none_left",
    "not_undoable",
    "outage_in_band",
    "predict_outage",
    "predictions",
    "restored",
    "seen_by_application",
    "settles_within_s",
    "steady_before",
    "steady_state",
    "summaries",
    "undo_recorded_faults",
    "wait_for_nodes",
    "why_not",
]
