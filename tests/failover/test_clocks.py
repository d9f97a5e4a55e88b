from __future__ import annotations

from pathlib import Path

import pytest
from fakes import open_fake_site

from runbook_lib.errors import HostError
from runbook_lib.failover.measuring.clocks import measured_clocks
from runbook_lib.hosts import ClockOffset


def test_each_node_is_measured_against_the_observer(tmp_path: Path) -> None:
    observer = {"name": "observer", "address": "192.168.42.131"}
    site, _ = open_fake_site(
        tmp_path, lambda command: (0, "1700000000.5\n"), substrate="ssh", observer_machine=observer
    )
    clocks = measured_clocks(site)
    assert set(clocks) == {"node129", "node128"}
    for clock in clocks.values():  # each says the same moment, asked one after another
        assert 0 < abs(clock.offset_s) < 5
        assert clock.error_s > 0


def test_without_the_time_of_a_node_there_is_no_trial(tmp_path: Path) -> None:
    site, master = open_fake_site(tmp_path, lambda command: (0, "1700000000.5\n"), substrate="ssh")
    master.answer = lambda command: (127, "")
    with pytest.raises(HostError, match="node129"):
        measured_clocks(site)


def test_the_machines_of_a_lab_have_one_clock(tmp_path: Path) -> None:
    site, _ = open_fake_site(tmp_path, lambda command: (127, ""))
    assert measured_clocks(site) == {"node129": ClockOffset(0.0, 0.0), "node128": ClockOffset(0.0, 0.0)}
