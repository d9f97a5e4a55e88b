"""Runs one demonstration on a lab, as its notebook does, until it is killed. Run by a test."""

from __future__ import annotations

import sys
from pathlib import Path

from runbook_lib import demonstrations
from runbook_lib.journal import Journal
from runbook_lib.notebook.open_site import open_model
from runbook_lib.site import parse_site


def main() -> None:
    lab, name = sys.argv[1:]
    model = parse_site({"lab": {"name": lab}, "disruption": "demonstrations"})
    getattr(demonstrations, f"show_{name}")(open_model(model, Journal(None), Path()))


if __name__ == "__main__":
    main()
