"""Injects a fault into node129 of a lab as a trial does, says so, and goes on until it is killed. Run by a test."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from runbook_lib.failover.faults.catalogue import fault_named
from runbook_lib.failover.faults.inject import injected
from runbook_lib.journal import Journal
from runbook_lib.notebook.open_site import open_model
from runbook_lib.site import parse_site


def main() -> None:
    lab, name, expires_s = sys.argv[1:]
    site = open_model(parse_site({"lab": {"name": lab}}), Journal(None), Path())
    with injected(site, fault_named(name), f"{name}-1", site.master, expires_s=float(expires_s)) as injection:
        injection.apply()
        print("applied", flush=True)
        time.sleep(600)  # not for luck: for the SIGKILL


if __name__ == "__main__":
    main()
