"""Other configurations: what is tried, and what is said of it."""

from __future__ import annotations

import pytest
from trials import trial

from runbook_lib.checks.verdict import Status
from runbook_lib.errors import ParameterError
from runbook_lib.failover.faults.catalogue import FAULTS
from runbook_lib.failover.theory.band import Band
from runbook_lib.failover.trials.series import Series
from runbook_lib.failover.trials.tuning import FAST, VARIANTS, Tried, Variant, cost_of, judge_fast
from runbook_lib.site import Site, site_with

SITE = Site()


def tried(title: str, *outages_s: float) -> Tried:
    variant = next(variant for variant in VARIANTS if variant.title == title)
    band = Band(0.05, 0.1, "")
    series = Series(title, tuple(trial(s, band=band) for s in outages_s))
    return Tried(variant, site_with(SITE, variant.parameters), series)


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.title)
def test_every_variant_is_a_site_and_a_fault_whatever_the_site_itself_has(variant: Variant) -> None:
    there = site_with(SITE, variant.parameters)
    assert there.vrrp.version == (3 if "version 3" in variant.title else 2)
    slower = site_with(SITE, {"vrrp.version": 3, "vrrp.advert_int": 2.0, "vrrp.auth_pass": None})
    assert site_with(slower, variant.parameters).vrrp.advert_int == there.vrrp.advert_int
    assert variant.fault in FAULTS


def test_parameters_are_replaced_by_their_dotted_names_and_judged_as_a_files() -> None:
    there = site_with(SITE, {"vrrp.version": 3, "vrrp.advert_int": 0.1, "nodes.backup.priority": 99})
    assert (there.vrrp.version, there.vrrp.advert_int, there.nodes.backup.priority) == (3, 0.1, 99)
    assert SITE.vrrp.version == 2
    with pytest.raises(ParameterError, match=r"nodes\.master\.priority"):
        site_with(SITE, {"nodes.backup.priority": 100})


def test_what_a_configuration_costs() -> None:
    fast, slow = cost_of(tried(FAST, 0.07, 0.08)), cost_of(tried("advert_int 1, version 2", 3.0))
    assert (fast.packets_per_s, slow.packets_per_s) == ("50", "1")
    assert (fast.false_failovers, slow.false_failovers) == ("1,561 a year", "31 a year")
    assert fast.measured == "0.070-0.080 s"


def test_the_fastest_must_be_fast_in_the_median() -> None:
    assert judge_fast([tried(FAST, 0.07, 0.08, 0.2)]).observed == "80 ms in the median of 3, the longest 200 ms"
    assert judge_fast([tried(FAST, 0.07, 0.08, 0.2)]).status is Status.PASSED
    assert judge_fast([tried(FAST, 0.07, 0.12, 0.2)]).status is Status.FAILED
