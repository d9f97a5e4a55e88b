"""What each fault looks like on a lab's machines, past SSH and past the probes of the faults themselves."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from chapter_run import Finished

from runbook_lib.chapter.undo_folder import FOLDER
from runbook_lib.errors import LabError
from runbook_lib.failover.trials.waiting import wait_for_nodes
from runbook_lib.hosts import OpenSite
from runbook_lib.journal import Journal
from runbook_lib.lab import Lab
from runbook_lib.notebook.open_site import open_model
from runbook_lib.site import parse_site

HELD = "ip -4 -o addr show | grep -qF ' 192.168.42.130/'"
GONE = "! pgrep -x keepalived"
SILENT = "! curl -s -m 1 -o /dev/null http://192.168.42.129/entry"
IMAGE = {
    "openresty-cannot-start": ("node129", f"test ! -x /usr/local/openresty/bin/openresty && {SILENT}"),
    "freeze-openresty": ("node129", f"ss -Hlt 'sport = :80' | grep -q . && {SILENT}"),
    "stop-keepalived": ("node129", f"{GONE} && ! {HELD}"),
    "kill-keepalived-parent": ("node129", f"{GONE} && ! {HELD}"),
    "kill-keepalived": ("node129", f"{GONE} && {HELD}"),
    "freeze-keepalived": ("node129", f"test $(ps -o stat= -C keepalived | grep -c T) = 2 && {HELD}"),
    "block-vrrp-one-side": ("node129", "nft list ruleset | grep -c 'protocol vrrp counter.*drop' | grep -qx 2"),
    "block-vrrp-both": ("node128", "nft list ruleset | grep -c 'protocol vrrp counter.*drop' | grep -qx 2"),
    "vrrp-loss": ("node129", "nft list ruleset | grep -c 'numgen random mod 100 < 30' | grep -qx 2"),
    "stop-nacos": ("node128", "! pgrep -x java"),
}
"""What each fault looks like on a machine: the probe ends with 0."""
SPLIT = {"kill-keepalived", "freeze-keepalived", "block-vrrp-one-side", "block-vrrp-both"}
"""Both nodes hold the VIP."""


@contextmanager
def steady_pair(finished: Finished) -> Iterator[OpenSite]:
    """The pair in steady state; whatever a test leaves is undone."""
    lab = finished.site.lab
    opened = open_model(parse_site({"lab": {"name": lab.name}}), Journal(None), Path())
    wait_for_nodes(opened)
    yield opened
    finished.site.runbook("fault", "recover")
    wait_for_nodes(opened)


def see(lab: Lab, machine: str, probe: str) -> bool:
    return lab.capture(machine, ["sh", "-c", probe])[0] == 0


def wait_until(true: Callable[[], bool], within_s: float, what: str | Callable[[], str]) -> None:
    """Fail where it did not come true in time, with `what` is wrong then."""
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline, what if isinstance(what, str) else what()
        time.sleep(0.1)


def is_on(lab: Lab, name: str) -> bool:
    """Whether the fault can be seen."""
    machine = lab.status().machines["node129"]
    if name == "unplug-master":
        return not machine.plugged
    if name in ("power-off-master", "shutdown-master"):
        return machine.state == "off"
    return see(lab, *IMAGE[name])


def is_undone(lab: Lab, name: str) -> bool:
    """Whether its machines are there again, remember no fault, and show none."""
    machines = lab.status().machines
    if any(machines[node].state != "running" or not machines[node].plugged for node in ("node128", "node129")):
        return False
    if not all(see(lab, node, f"! ls -A {FOLDER} | grep -q .") for node in ("node128", "node129")):
        return False
    return name not in IMAGE or not see(lab, *IMAGE[name])


def boot_id(lab: Lab) -> str:
    """Of node129; empty while it is off."""
    try:
        return lab.capture("node129", ["cat", "/proc/sys/kernel/random/boot_id"])[1]
    except LabError:
        return ""
