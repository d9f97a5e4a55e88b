"""How even and how dear the probe is: `.venv/bin/python tests/benchmarks/probe_speed.py [LAB]`, 60 s, as root.

On a lab where the chapter was run (`make lab`), with nothing else running. The bar: at 100 requests a second the 99th
percentile of the sends' lateness is at most 5 ms, under 15 % of a core for all lanes, no sample lost.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from runbook_lib.failover.measuring.samples import LANES, Recording, Sample
from runbook_lib.failover.trials.trial import observed
from runbook_lib.journal import Journal
from runbook_lib.notebook.open_site import open_model
from runbook_lib.site import parse_site

SECONDS = 60.0
SAID = re.compile(r"\b(scheduler|at_us|cpu_us)=(\S+)")
"""In the probe's first line and in its last one."""
EVERY_S = {"http": 0.01, "tcp": 0.1, "icmp": 0.1, "arp": 0.1}


def record(lab: str) -> Recording:
    """The samples of a probe that ran beside the capture, as in a trial."""
    with tempfile.TemporaryDirectory() as folder:
        site = open_model(parse_site({"lab": {"name": lab}}), Journal(None), Path(folder))
        with observed(site, "benchmark") as (probe, _):
            time.sleep(SECONDS)
        return probe.recording()


def lost(samples: Sequence[Sample], every_s: float) -> int:
    """Requests that were planned between the first and the last, and are not there."""
    return round((samples[-1].sent_s - samples[0].sent_s) / every_s) + 1 - len(samples)


def report(recording: Recording) -> None:
    for name in LANES:
        samples = recording.lane(name)
        if not samples:
            print(f"{name:<5} none: {recording.missing.get(name, 'no sample')}")
            continue
        late = sorted(sample.late_s * 1e3 for sample in samples)
        p50, p99 = (late[int(len(late) * share)] for share in (0.5, 0.99))
        print(
            f"{name:<5} {len(samples)} sent, {lost(samples, EVERY_S[name])} lost, "
            f"{sum(not sample.good for sample in samples)} failed; "
            f"late by {p50:.3f} ms in the median, {p99:.3f} ms at the 99th percentile, {late[-1]:.3f} ms at most"
        )
    said = dict(SAID.findall(recording.text))
    share, load = int(said["cpu_us"]) / int(said["at_us"]), os.getloadavg()
    print(f"{share:.1%} of a core for all lanes; scheduler {said['scheduler']}; load of this machine {load[0]:.1f}")


if __name__ == "__main__":
    report(record(sys.argv[1] if len(sys.argv) > 1 else "chapter"))
