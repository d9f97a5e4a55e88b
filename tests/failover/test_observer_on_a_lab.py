"""The observer on real machines: what it hears and sees of a VIP that moves, and that it ends with its controller."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from runbook_lib.checks.firewall import SCRIPT as VRRP_PACKETS
from runbook_lib.failover.measuring.clocks import SAME
from runbook_lib.failover.measuring.samples import LANES
from runbook_lib.failover.measuring.timeline import RawTrial, timeline
from runbook_lib.failover.trials.trial import observed
from runbook_lib.failover.trials.trial_files import read_addresses, read_capture
from runbook_lib.hosts import Host, OpenSite, clock_offset
from runbook_lib.journal import Journal
from runbook_lib.lab import Lab
from runbook_lib.notebook.open_site import open_model
from runbook_lib.site import parse_site

pytestmark = pytest.mark.lab
NAME = "moved-by-hand"
OBSERVE = """
import sys, time
from pathlib import Path
from runbook_lib.failover.trials.trial import observed
from runbook_lib.journal import Journal
from runbook_lib.notebook.open_site import open_model
from runbook_lib.site import parse_site
site = open_model(parse_site({"lab": {"name": sys.argv[1]}}), Journal(None), Path(sys.argv[2]))
with observed(site, "killed") as (probe, _):
    probe.wait_for(lambda samples: samples or None, 20.0)
    print("observes", flush=True)
    time.sleep(60)
"""
OURS = "pgrep -af '[p]robe.py|[t]cpdump|[i]p -o -ts monitor' || true"


@pytest.fixture
def site(lab_without_nacos: Lab, tmp_path: Path) -> Iterator[OpenSite]:
    site = open_model(parse_site({"lab": {"name": lab_without_nacos.name}}), Journal(None), tmp_path)
    yield site
    for node in site.nodes:
        node.run("ip address del 192.168.42.130/24 dev ens33 2>/dev/null || true")


def take(node: Host) -> float:
    """Give the VIP to a node, which tells nobody; the moment."""
    return float(node.run("ip address add 192.168.42.130/24 dev ens33; date +%%s.%%N").check().stdout)


def leave(node: Host) -> None:
    node.run("ip address del 192.168.42.130/24 dev ens33").check()


def advertise(node: Host, count: int) -> None:
    node.run("python3 -c %s send ens33 51 %s", VRRP_PACKETS.read_text(encoding="utf-8"), count).check()


def test_a_vip_that_moves_is_seen_by_every_lane_on_the_wire_and_on_the_nodes(site: OpenSite) -> None:
    assert site.observer
    site.observer.run("ip neigh flush to 192.168.42.130 dev ens33").check()
    take(site.master)
    with observed(site, NAME) as (probe, capture):
        assert probe.wait_for(lambda samples: samples[200:] or None, 20.0)
        advertise(site.master, 3)
        fault_s = time.time() - probe.start_unix_s
        leave(site.master)
        moved_s = take(site.backup) - probe.start_unix_s
        assert probe.wait_for(lambda samples: True if samples[-1].sent_s > moved_s + 2.0 else None, 20.0)
        advertise(site.backup, 1)
        end_s = probe.newest_s
    recording = probe.recording()
    assert capture.missing == recording.missing == {}
    assert "\n# end at_us=" in recording.text
    assert all(recording.lane(name) for name in LANES)
    folder, nodes = site.folder / "data", {node.name: node.address for node in site.model.machines[:2]}
    seen = timeline(
        RawTrial(
            recording=recording,
            capture=read_capture(folder, NAME),
            addresses=read_addresses(folder, NAME, nodes),
            vip="192.168.42.130",
            holder="node129",
            nodes=nodes,
            router_id=51,
            fault_s=fault_s,
            undone_s=end_s,
            steady_s=end_s,
            longest_gap_s=1.0,
            clocks=dict.fromkeys(nodes, SAME),
        )
    )
    assert [hold.node for hold in seen.holds] == ["node129", "node128"]
    assert seen.holds[1].start_s == pytest.approx(moved_s, abs=0.5)
    assert [a.source[-3:] for a in seen.advertisements] == ["129"] * 3 + ["128"]
    assert {claim.mac for claim in seen.claims} == {"02:00:c0:a8:2a:81", "02:00:c0:a8:2a:80"}
    arp, icmp = recording.lane("arp"), recording.lane("icmp")
    assert (arp[0].entry, arp[-1].entry) == ("02:00:c0:a8:2a:81", "02:00:c0:a8:2a:80")
    # Nobody told the observer, and asking from the second interface healed nothing: it still sends to the old holder.
    assert icmp[0].good
    assert not icmp[-1].good
    assert seen.violations == ()


def test_nothing_is_left_on_the_machines(site: OpenSite) -> None:
    take(site.master)
    with observed(site, NAME) as (probe, _):
        assert probe.wait_for(lambda samples: samples or None, 20.0)
        assert all(host.run(OURS).stdout for host in site.hosts.values() if host is not site.client)
    for host in site.hosts.values():
        assert host.run(OURS).stdout == ""
        assert host.run("ls /var/lib/runbook/captures 2>/dev/null || true").stdout == ""
    assert site.observer
    assert "arp0" not in site.observer.run("ip link").stdout


def test_everything_ends_with_a_controller_that_is_killed(site: OpenSite) -> None:
    command = [sys.executable, "-c", OBSERVE, site.model.lab.name, str(site.folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as controller:
        assert controller.stdout is not None
        assert controller.stdout.readline() == "observes\n"
        controller.kill()
    deadline = time.monotonic() + 20.0
    left = {}
    while time.monotonic() < deadline:
        left = {name: said for name, host in site.hosts.items() if (said := host.run(OURS).stdout)}
        if not left:
            return
        time.sleep(0.2)
    raise AssertionError(left)


def test_the_machines_of_a_lab_have_one_clock(site: OpenSite) -> None:
    assert site.observer
    here = clock_offset(site.observer)
    for node in site.nodes:
        apart = clock_offset(node).against(here)
        assert abs(apart.offset_s) <= apart.error_s
