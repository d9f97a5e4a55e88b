from __future__ import annotations

from pathlib import Path

import pytest
from fakes import open_fake_site

from runbook_lib.errors import HostError
from runbook_lib.failover.measuring.capture import Capture, file_name, observer_interface, parse_route
from runbook_lib.hosts import Running

ROUTE = "192.168.42.130 dev ens33 src 192.168.42.131 uid 0 \\    cache \n"


def test_the_interface_on_the_vips_segment() -> None:
    assert parse_route(ROUTE) == "ens33"
    assert parse_route("192.168.42.130 via 10.0.0.1 dev eth0 src 10.0.0.7 uid 0 \\    cache \n") == ""
    assert parse_route("RTNETLINK answers: Network is unreachable\n") == ""


def test_an_observer_is_asked_which_interface_it_is(tmp_path: Path) -> None:
    site, _ = open_fake_site(tmp_path, lambda command: (0, ROUTE))
    assert observer_interface(site) == "ens33"
    site, _ = open_fake_site(tmp_path, lambda command: (0, ROUTE), substrate="ssh", observer="controller")
    assert observer_interface(site) == ""


def test_each_file_has_its_name() -> None:
    assert file_name("stop-keepalived-1a2b", "capture") == "stop-keepalived-1a2b.pcap"
    assert file_name("stop-keepalived-1a2b", "node129") == "stop-keepalived-1a2b-node129.addresses.txt"


def test_a_trial_goes_on_without_what_could_not_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site, master = open_fake_site(tmp_path)

    def refused(command: str, *values: object, limit_s: float) -> Running:
        raise HostError("node129: no channel.", "")

    for host in site.hosts.values():
        monkeypatch.setattr(host, "start", refused, raising=False)
    capture = Capture(site, "stop-keepalived-1a2b", "", longest_s=600.0)
    capture.start()
    assert capture.missing == {
        "capture": "only an observer on the segment hears VRRP and ARP",
        "node129": "node129: no channel.",
        "node128": "node129: no channel.",
    }
    assert master.commands == ["rm -rf -- /var/lib/runbook/captures"]
