"""What a node's own systemd makes of an undo that fails at its deadline. The undo is a stand-in: no fault is needed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fault_images import see, wait_until

from runbook_lib.chapter.undo_folder import FOLDER
from runbook_lib.failover.faults.node_record import record_undo, run_undo
from runbook_lib.hosts import Host
from runbook_lib.journal import Journal
from runbook_lib.lab import Lab
from runbook_lib.notebook.open_site import open_model
from runbook_lib.site import parse_site

pytestmark = [pytest.mark.lab, pytest.mark.timeout(300)]

ID = "stop-keepalived-00000000"
UNIT = f"runbook-fault-{ID}.service"
CAUSE = "/run/cause"
"""It ends with a boot, as /run does."""
FAILED = f"systemctl is-failed --quiet {UNIT}"
UNDONE = f"! test -e {FOLDER}/{ID}"
NOTHING_LEFT = f"! ls {FOLDER} /etc/systemd/system /var/lib/systemd/timers | grep -qF {ID} && ! {FAILED}"
AFTER_BOOT_S = 5.0


@pytest.fixture
def master(lab_without_nacos: Lab) -> Iterator[Host]:
    site = open_model(parse_site({"lab": {"name": lab_without_nacos.name}}), Journal(None), Path())
    yield site.master
    see(lab_without_nacos, "node129", f"rm -f {CAUSE}")
    run_undo(site.master, ID)
    wait_until(lambda: see(lab_without_nacos, "node129", NOTHING_LEFT), 5, "the record's units are left")


def fail_at_the_deadline(lab: Lab, master: Host) -> None:
    assert see(lab, "node129", f"touch {CAUSE}")
    record_undo(master, ID, f"test ! -e {CAUSE}", 0.5)
    wait_until(lambda: see(lab, "node129", FAILED), 15, "the undo has not failed")
    assert not see(lab, "node129", UNDONE)


def see_undone_at_boot(lab: Lab) -> None:
    lab.power_off("node129")
    begun = time.monotonic()
    lab.power_on("node129")
    lab.wait_ssh("node129")
    wait_until(lambda: see(lab, "node129", UNDONE), 20, "it is not undone at boot")
    took_s = time.monotonic() - begun
    print(f"undone {took_s:.2f} s after power on")
    assert took_s <= AFTER_BOOT_S


def test_one_that_failed_is_run_again_at_the_next_boot(lab_without_nacos: Lab, master: Host) -> None:
    fail_at_the_deadline(lab_without_nacos, master)
    see_undone_at_boot(lab_without_nacos)


def test_one_that_was_cut_off_is_run_again_at_the_next_boot(lab_without_nacos: Lab, master: Host) -> None:
    runs = f"systemctl show -p SubState {UNIT} | grep -qx SubState=start"
    assert see(lab_without_nacos, "node129", f"touch {CAUSE}")
    record_undo(master, ID, f"while test -e {CAUSE}; do sleep 0.1; done", 0.5)
    wait_until(lambda: see(lab_without_nacos, "node129", runs), 15, "the undo has not begun")
    see_undone_at_boot(lab_without_nacos)
