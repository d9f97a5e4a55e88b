from __future__ import annotations

from pathlib import Path

from fakes import open_fake_site

from runbook_lib.failover.measuring.clocks import measured_clocks


def test_each_node_is_measured_against_the_observer(tmp_path: Path) -> None:
    site, _ = open_fake_site(tmp_path, lambda command: (0, "1700000000.5\n"), substrate="ssh")
    clocks = measured_clocks(site)
    assert set(clocks) == {"node129", "node128"}
    assert all(not clock.shared and clock.error_s > 0 for clock in clocks.values())
    assert all(
        abs(clock.offset_s) < 5 for clock in clocks.values()
    )  # each says the same moment, asked one after another


def test_a_node_that_does_not_say_its_time_is_left_out(tmp_path: Path) -> None:
    site, master = open_fake_site(tmp_path, lambda command: (0, "1700000000.5\n"))
    master.answer = lambda command: (127, "")
    assert set(measured_clocks(site)) == {"node128"}
