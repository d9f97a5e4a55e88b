"""Run the probe script on the machine that measures, and read its samples while they come."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from runbook_lib.chapter.ownership import STATE
from runbook_lib.errors import HostError
from runbook_lib.failover.measuring.samples import (
    HEADER,
    HTTP,
    Recording,
    Sample,
    is_sample,
    parse_recording,
    parse_sample,
)
from runbook_lib.hosts import Host, OpenSite

PROBE_SCRIPT = Path(__file__).parent / "data" / "probe.py"
REMOTE_SCRIPT = f"{STATE}/probe.py"
POLL_S = 0.05
WAYS_OUT_S = 5.0
"""A probe that was told to end waits 0.9 s for what is on its way; SSH takes the rest."""

T = TypeVar("T")


class Probe:
    """A probe that is running: its HTTP samples so far, and a way to wait for something in them."""

    def __init__(self, lines: Iterable[str], observer: str) -> None:
        self.observer = observer
        self._lines: list[str] = []
        self._samples: list[Sample] = []
        self._reader = threading.Thread(target=self._read, args=(lines,), name=f"probe on {observer}", daemon=True)
        self._reader.start()

    @property
    def samples(self) -> Sequence[Sample]:
        """The HTTP samples so far, in the order in which they were finished."""
        return tuple(self._samples)

    @property
    def newest_s(self) -> float:
        """When the newest of them was sent, on the probe's clock; 0 before the first."""
        return max((sample.sent_s for sample in self._samples[-200:]), default=0.0)

    @property
    def start_unix_s(self) -> float:
        """The calendar's time at the probe's start. Raises HostError before the probe said so."""
        if not self._lines or not self._lines[0].startswith(HEADER):
            raise self._failed("has not started")
        return int(self._lines[0].removeprefix(HEADER).split()[0]) / 1e6

    def wait_for(self, found: Callable[[Sequence[Sample]], T | None], within_s: float) -> T | None:
        """What `found` sees in the samples, as soon as it sees something; None after `within_s`.

        Raises HostError when the probe itself ended meanwhile.
        """
        deadline = time.monotonic() + within_s
        while True:
            alive = self._reader.is_alive()
            if (seen := found(self.samples)) is not None:
                return seen
            if not alive:
                raise self._failed("ended by itself")
            if time.monotonic() >= deadline:
                return None
            time.sleep(POLL_S)

    def text(self) -> str:
        """Every line so far, as the probe wrote it."""
        return "".join(f"{line}\n" for line in self._lines)

    def recording(self) -> Recording:
        """The samples of all lanes so far, in the order in which they were sent."""
        return parse_recording(self.text())

    def join(self, within_s: float) -> None:
        """Wait until the last line is read."""
        self._reader.join(within_s)

    def _read(self, lines: Iterable[str]) -> None:
        for line in lines:
            kept = line.rstrip("\n")
            if len(self._lines) >= 2 and is_sample(kept):
                try:
                    sample = parse_sample(kept)
                except ValueError:  # torn: the probe was killed
                    return
                if sample.lane == HTTP:
                    self._samples.append(sample)
            self._lines.append(kept)

    def _failed(self, how: str) -> HostError:
        last = self._lines[-1] if self._lines else "nothing"
        todo = f"Run `python3 {REMOTE_SCRIPT} --help` there."
        return HostError(f"{self.observer}: the probe {how}; it last said: {last}.", todo)


@contextmanager
def probing(site: OpenSite, keep: Path, *, longest_s: float, interface: str = "") -> Iterator[Probe]:
    """Ask the VIP every 10 ms by HTTP and every 100 ms by TCP, ICMP and ARP, from the observer or from here.

    ARP only with `interface`, the one of the observer that reaches the VIP. It goes on until the block ends, by
    itself no longer than `longest_s`, whatever becomes of us; its samples are then kept as the file `keep`. Raises
    HostError when the observer can't be reached or has no python3.
    """
    model = site.model
    options = ("--address", model.vip_address, "--port", str(model.openresty.port), "--for", str(longest_s))
    if model.observer == "controller" or site.observer is None:
        yield from _probe_here(options, keep)
    else:
        yield from _probe_there(site.observer, (*options, "--interface", interface), keep, longest_s + WAYS_OUT_S)


def _probe_there(observer: Host, options: Sequence[str], keep: Path, limit_s: float) -> Iterator[Probe]:
    observer.push_file(PROBE_SCRIPT, REMOTE_SCRIPT)
    slots = " ".join(["%s"] * len(options))
    running = observer.start(f"exec python3 -S {REMOTE_SCRIPT} {slots}", *options, limit_s=limit_s)
    probe = Probe(running.lines(), observer.name)
    try:
        yield probe
    finally:
        running.stop()
        probe.join(WAYS_OUT_S)
        keep.write_text(probe.text(), "utf-8")


def _probe_here(options: Sequence[str], keep: Path) -> Iterator[Probe]:
    command = [sys.executable, "-S", str(PROBE_SCRIPT), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        probe = Probe(running.stdout, "this machine")
        try:
            yield probe
        finally:
            running.terminate()
            probe.join(WAYS_OUT_S)
            keep.write_text(probe.text(), "utf-8")
