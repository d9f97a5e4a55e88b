from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes import open_fake_site
from test_probe_script import serving

from runbook_lib.errors import HostError
from runbook_lib.failover.measuring.probe import Probe, probing
from runbook_lib.failover.measuring.samples import parse_recording

LINES = [
    "# runbook probe 2 start_unix_us=1700000000500000 scheduler=fifo",
    "lane,seq,sent,late,done,kind,entry",
    "http,0,10000,0,12000,ok,node129",
    "http,1,20000,0,22000,ok,node129",
]


def test_samples_are_there_as_soon_as_they_are_read() -> None:
    probe = Probe(iter(LINES), "observer")
    assert probe.wait_for(lambda samples: samples[1].entry if len(samples) == 2 else None, 5.0) == "node129"
    assert probe.start_unix_s == 1700000000.5
    assert probe.newest_s == 0.02
    assert probe.text() == "\n".join(LINES) + "\n"
    assert len(probe.recording().samples) == 2


def test_a_torn_last_line_is_left_out() -> None:
    probe = Probe(iter([*LINES, "http,2,30"]), "observer")
    probe.join(5.0)
    assert len(probe.recording().samples) == 2


def test_waiting_ends_with_its_deadline() -> None:
    ended = threading.Event()

    def endless() -> Iterator[str]:
        yield from LINES
        ended.wait(5.0)

    assert Probe(endless(), "observer").wait_for(lambda samples: None, 0.1) is None
    ended.set()


def test_a_probe_that_ended_by_itself_is_an_error() -> None:
    probe = Probe(iter(["sh: python3: not found"]), "observer")
    with pytest.raises(HostError) as error:
        probe.wait_for(lambda samples: None, 5.0)
    assert str(error.value) == (
        "observer: the probe ended by itself; it last said: sh: python3: not found. "
        "Run `python3 /var/lib/runbook/probe.py --help` there."
    )


def test_a_controller_that_measures_keeps_what_its_probe_said(tmp_path: Path) -> None:
    with serving(b"200 OK") as port:
        site, _ = open_fake_site(
            tmp_path,
            substrate="ssh",
            observer="controller",
            vip="127.0.0.1/8",
            openresty={"port": port},
            nodes={
                "master": {"name": "a", "address": "127.0.0.2", "priority": 100},
                "backup": {"name": "b", "address": "127.0.0.3", "priority": 50},
            },
        )
        with probing(site, tmp_path / "kept.csv", longest_s=60.0) as probe:
            assert probe.wait_for(lambda samples: samples or None, 10.0)
    kept = parse_recording((tmp_path / "kept.csv").read_text())
    assert kept == probe.recording()
    assert "\n# end at_us=" in kept.text
    assert kept.missing == {"arp": "no interface was named"}
    assert {sample.kind for lane in ("http", "tcp") for sample in kept.lane(lane)} == {"ok"}
