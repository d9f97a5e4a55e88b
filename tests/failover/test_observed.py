"""How long the probe, the capture and the fault of a trial go on by themselves: as long as its pair may need."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest
from fakes import open_fake_site

from runbook_lib.errors import FaultError
from runbook_lib.failover.faults.catalogue import fault_named
from runbook_lib.failover.faults.injection import PREPARED_ADVERTISEMENTS
from runbook_lib.failover.theory.pair import Pair
from runbook_lib.failover.theory.predictions import longest_takeover_s
from runbook_lib.failover.trials import trial
from runbook_lib.failover.trials.waiting import FIXED_S, trial_within_s

ROUTE = "192.168.42.130 dev ens33 src 192.168.42.131 uid 0 \\    cache \n"


class Ended:
    """A command that says nothing more."""

    def lines(self) -> Iterator[str]:
        return iter(())

    is_over = True

    def stop(self) -> None:
        """It has ended."""


@pytest.mark.parametrize("advert_s", [1, 60, 255])
def test_a_trial_is_given_the_time_that_its_pair_needs(advert_s: int, tmp_path: Path) -> None:
    site = open_fake_site(tmp_path, vrrp={"advert_int": advert_s})[0]
    longest_s = 3 * longest_takeover_s(Pair.of(site.model)) + advert_s  # before, in and after the fault; its phase
    assert trial_within_s(site) > FIXED_S + longest_s


@pytest.mark.parametrize("advert_s", [1, 255])
def test_probe_and_capture_outlast_a_trial_of_their_pair(
    advert_s: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[tuple[str, float]] = []

    def start(command: str, *values: object, limit_s: float) -> Ended:
        started.append((command % values, limit_s))
        return Ended()

    site, _ = open_fake_site(tmp_path, lambda command: (0, ROUTE), vrrp={"advert_int": advert_s})
    for host in site.hosts.values():
        monkeypatch.setattr(host, "start", start)
        monkeypatch.setattr(host, "push_file", lambda local, path: True)
        monkeypatch.setattr(host, "fetch_file", lambda path, local: None)
    with trial.observed(site, "stop-keepalived-1a2b"):
        pass
    within_s = trial_within_s(site)
    (probe, probe_limit_s), *captures = started
    assert f" --for {within_s} " in probe
    assert probe_limit_s > within_s
    assert [limit_s for _, limit_s in captures] == [within_s] * 3


def test_a_fault_does_not_expire_before_the_phase_that_it_waits_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expires: list[float] = []

    def injected(*aim: object, expires_s: float) -> None:
        expires.append(expires_s)
        raise FaultError("Nothing more is asked.", "")

    site, _ = open_fake_site(tmp_path, vrrp={"advert_int": 255})
    monkeypatch.setattr(trial, "observed", lambda site, name: nullcontext((None, None)))
    monkeypatch.setattr(trial, "wait_until_steady", lambda site, probe: SimpleNamespace(holder="node129"))
    monkeypatch.setattr(trial, "injected", injected)
    with pytest.raises(FaultError):
        trial.run_trial(site, fault_named("return-of-master"), seed=2)
    taken_away_s = PREPARED_ADVERTISEMENTS * 255
    assert expires[0] > taken_away_s + trial.phase_s(site, seed=2)
