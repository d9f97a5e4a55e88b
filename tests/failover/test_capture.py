from __future__ import annotations

from collections.abc import Callable, Iterator
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


class Watch(Running):
    """Something that writes on a machine, until it is told to end, or by itself."""

    def __init__(self, *said: str, over: bool) -> None:
        self.said, self.over = said, over

    @property
    def is_over(self) -> bool:
        return self.over

    def lines(self) -> Iterator[str]:
        return iter(self.said)

    def stop(self) -> None:
        self.over = True


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (("tcpdump: pcap_loop: The interface disappeared",), "tcpdump: pcap_loop: The interface disappeared"),
        ((), "its session was lost"),
    ],
)
def test_what_ended_before_the_trial_did_is_missing(
    said: tuple[str, ...], why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site, _ = open_fake_site(tmp_path)
    ended = {"observer"}

    def start(host: str) -> Callable[..., Running]:
        return lambda command, *values, limit_s: Watch(*said, over=host in ended)

    for name, host in site.hosts.items():
        monkeypatch.setattr(host, "start", start(name))
        monkeypatch.setattr(host, "fetch_file", lambda path, local: None)
    capture = Capture(site, "stop-keepalived-1a2b", "ens33", longest_s=600.0)
    capture.start()
    capture.collect(tmp_path)
    assert capture.missing == {"capture": f"observer: its record ended before the trial did: {why}"}


def test_a_watch_ends_with_the_power_of_its_node_and_with_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site, _ = open_fake_site(tmp_path)
    watches: list[Watch] = []

    def start(command: str, *values: object, limit_s: float) -> Running:
        watches.append(Watch(over=False))
        return watches[-1]

    for host in site.hosts.values():
        monkeypatch.setattr(host, "start", start)
    capture = Capture(site, "power-off-master-1a2b", "", longest_s=600.0)
    capture.start()
    for watch in watches:
        watch.over = True
    capture.resume(without_power="node129")
    assert capture.missing == {
        "capture": "only an observer on the segment hears VRRP and ARP",
        "node128": "node128: its record ended before the trial did: its session was lost",
    }
