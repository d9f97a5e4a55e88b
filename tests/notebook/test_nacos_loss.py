"""A Nacos member that is killed: publishing through the VIP goes on, or resumes after an election."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from dataclasses import dataclass

import pytest
from chapter_run import Finished

from runbook_lib.chapter.nacos import cluster_members, publish_proof, withdraw
from runbook_lib.checks.nacos import judge_members
from runbook_lib.checks.verdict import Status
from runbook_lib.errors import HostError
from runbook_lib.hosts import OpenSite
from runbook_lib.journal import Journal
from runbook_lib.notebook.open_site import open_model
from runbook_lib.site import parse_site

pytestmark = [pytest.mark.lab, pytest.mark.timeout(600)]

RESUMES_WITHIN_S = 120.0
"""After the leader's loss: an election of the Raft group, some 6 s where nothing else runs."""
READY_WITHIN_S = 300.0
"""A member that starts replays every value that was published, beside all else that a test machine does."""


@dataclass(frozen=True)
class Publish:
    """One value published through the VIP: when, and whether Nacos took it."""

    begun_s: float
    ended_s: float
    taken: bool


class Publishing:
    """Publishes through the VIP, one value after the other, until the block ends."""

    def __init__(self, site: OpenSite) -> None:
        self.done: list[Publish] = []
        self._site = site
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._publish)

    def __enter__(self) -> Publishing:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def wait_for_more(self, count: int) -> float:
        """Until so many more were taken; the moment."""
        enough = self._taken() + count
        deadline = time.monotonic() + READY_WITHIN_S
        while self._taken() < enough:
            assert time.monotonic() < deadline, "nothing is taken any more"
            time.sleep(0.05)
        return time.monotonic()

    def _taken(self) -> int:
        return sum(publish.taken for publish in self.done)

    def _publish(self) -> None:
        while not self._over.is_set():
            begun_s, taken = time.monotonic(), True
            try:
                withdrawn = publish_proof(self._site)
            except HostError:
                taken = False
            self.done.append(Publish(begun_s, time.monotonic(), taken))
            if taken:
                with suppress(HostError):
                    withdraw(self._site, withdrawn)


def wait_for_members(site: OpenSite) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while (verdict := judge_members(cluster_members(site), site.model.lab.name)).status is not Status.PASSED:
        assert time.monotonic() < deadline, verdict.observed
        time.sleep(0.5)


@pytest.fixture
def site(finished: Finished) -> OpenSite:
    model = parse_site({"lab": {"name": finished.site.lab.name}})
    opened = open_model(model, Journal(None), finished.site.folder)
    wait_for_members(opened)
    return opened


def kill(site: OpenSite, member: str) -> None:
    """Returns when nothing listens at its port: a JVM that was killed takes connections until its end."""
    port = member.rpartition(":")[2]
    ended = "systemctl kill --signal=KILL %s; while ss -Hltn sport = :%s | grep -q .; do sleep 0.01; done"
    site.backup.run(ended, f"nacos@{port}", port).check()


def test_a_followers_loss_costs_only_what_is_on_its_way(site: OpenSite) -> None:
    leader = cluster_members(site)[0].leader
    with Publishing(site) as publishing:
        begun_s = publishing.wait_for_more(5)
        kill(site, next(member for member in site.model.nacos.members if member != leader))
        killed_s = time.monotonic()
        publishing.wait_for_more(20)
    failed = [publish for publish in publishing.done if not publish.taken]
    assert [p for p in failed if p.begun_s > killed_s or p.ended_s < begun_s] == []
    wait_for_members(site)


def test_after_the_leaders_loss_publishing_resumes(site: OpenSite) -> None:
    leader = cluster_members(site)[0].leader
    with Publishing(site) as publishing:
        publishing.wait_for_more(5)
        kill(site, leader)
        killed_s = time.monotonic()
        resumed_s = publishing.wait_for_more(5)
        publishing.wait_for_more(5)
    assert resumed_s - killed_s < RESUMES_WITHIN_S
    assert all(publish.taken for publish in publishing.done if publish.begun_s > resumed_s)
    wait_for_members(site)
