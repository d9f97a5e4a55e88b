"""Strangers on the segment, with real packets: each is found, and a run stops before its first change."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from runbook_lib import checks
from runbook_lib.checks.firewall import SCRIPT as VRRP_PACKETS
from runbook_lib.checks.verdict import Status, Verdict
from runbook_lib.hosts import OpenSite
from runbook_lib.journal import Journal
from runbook_lib.lab import Lab
from runbook_lib.notebook.open_site import open_model
from runbook_lib.site import parse_site

pytestmark = pytest.mark.lab


@pytest.fixture
def site(lab_without_nacos: Lab, tmp_path: Path) -> OpenSite:
    model = parse_site({"lab": {"name": lab_without_nacos.name}, "nacos": {"members": ["192.168.42.128:8848"]}})
    return open_model(model, Journal(None), tmp_path)


def every(site: OpenSite) -> list[Verdict]:
    return [check(site).observe() for check in (checks.vip_free, checks.router_id_free, checks.keepalived_ours)]


def test_a_segment_without_strangers_passes(site: OpenSite) -> None:
    assert [verdict.status for verdict in every(site)] == [Status.PASSED] * 3


def test_an_address_that_answers_already_is_found(site: OpenSite) -> None:
    assert site.observer
    site.observer.run("ip address add 192.168.42.130/24 dev ens33").check()
    try:
        verdict = checks.vip_free(site).observe()
    finally:
        site.observer.run("ip address del 192.168.42.130/24 dev ens33").check()
    assert (verdict.status, verdict.observed) == (Status.FAILED, "02:00:c0:a8:2a:83 answers for it")
    assert checks.vip_free(site).observe().status is Status.PASSED


def test_an_advertiser_with_the_same_id_is_found(site: OpenSite) -> None:
    assert site.observer
    advertise = ("python3 -c %s send ens33 51 1200", VRRP_PACKETS.read_text(encoding="utf-8"))
    with site.observer.start(*advertise):
        verdict = checks.router_id_free(site).observe()
    assert (verdict.status, verdict.observed) == (
        Status.FAILED,
        "192.168.42.131 (priority 1) advertises with it",
    )
    assert checks.router_id_free(site).observe().status is Status.PASSED


@contextmanager
def somebody_elses_keepalived(site: OpenSite) -> Iterator[None]:
    site.master.run("cp /bin/sleep /opt/keepalived").check()
    site.master.run("systemd-run --quiet --property=Type=exec --unit=theirs /opt/keepalived 600").check()
    try:
        yield
    finally:
        site.master.run("systemctl stop theirs; rm /opt/keepalived").check()


def test_a_keepalived_that_is_not_ours_is_found(site: OpenSite) -> None:
    with somebody_elses_keepalived(site):
        verdict = checks.keepalived_ours(site).observe()
    assert verdict.status is Status.FAILED
    assert verdict.observed.startswith("node129: another keepalived runs (PID ")
    assert checks.keepalived_ours(site).observe().status is Status.PASSED
