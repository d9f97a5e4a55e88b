"""The live panel, on a pair that the chapter has run on: what it draws while the pair changes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from chapter_run import Finished

from runbook_lib.hosts import OpenSite
from runbook_lib.journal import Journal
from runbook_lib.notebook import live
from runbook_lib.notebook.open_site import open_model
from runbook_lib.site import parse_site

pytestmark = pytest.mark.lab


@pytest.fixture
def site(finished: Finished, tmp_path: Path) -> OpenSite:
    model = parse_site({"lab": {"name": finished.site.lab.name}})
    return open_model(model, Journal(tmp_path / "journal.jsonl"), tmp_path)


@pytest.fixture
def panel(site: OpenSite, tmp_path: Path) -> Iterator[live.Panel]:
    live.watch(site)
    (panel,) = live._running
    yield panel
    for each in (panel, *live._running):
        each.end()
    assert not (tmp_path / "journal.jsonl").exists(), "it looks, and records nothing"


def wait_for(panel: live.Panel, *told: str) -> str:
    deadline = time.monotonic() + 30
    while not all(text in panel.drawn for text in told):
        assert time.monotonic() < deadline, f"not drawn: {[text for text in told if text not in panel.drawn]}"
        time.sleep(0.1)
    return panel.drawn


def test_the_pair_is_followed_while_it_changes(finished: Finished, panel: live.Panel) -> None:
    calm = ("node129, MASTER, holds the VIP", "node128, BACKUP, no VIP", "observer gets 200 from node129")
    wait_for(panel, *calm, "on node128, ready")
    assert finished.site.lab.capture("node129", ["systemctl", "stop", "keepalived"])[0] == 0
    try:
        wait_for(panel, "node128, MASTER, holds the VIP", "Keepalived inactive", "observer gets 200 from node128")
        panel.paused = True
        time.sleep(2 * live.EVERY_S)
        before = panel.drawn
    finally:
        assert finished.site.lab.capture("node129", ["systemctl", "start", "keepalived"])[0] == 0
    time.sleep(3 * live.EVERY_S)  # three looks: the unit is active again at once
    assert panel.drawn == before, "paused, it looks no more"
    panel.paused = False
    wait_for(panel, *calm)


def sessions(finished: Finished) -> int:
    return len(finished.site.lab.capture("node129", ["pgrep", "-f", "sshd: root@"])[1].splitlines())


def test_a_second_one_ends_the_first_and_its_sessions(finished: Finished, site: OpenSite, panel: live.Panel) -> None:
    wait_for(panel, "node129, MASTER, holds the VIP")
    before = sessions(finished)
    live.watch(site)
    (second,) = live._running
    wait_for(second, "node129, MASTER, holds the VIP")
    assert (panel.ended, second.ended) == (True, False)
    deadline = time.monotonic() + 10
    while sessions(finished) > before:
        assert time.monotonic() < deadline, "the first one's sessions are still open"
        time.sleep(0.1)
