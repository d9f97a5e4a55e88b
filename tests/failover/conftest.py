"""What several modules of this folder use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from chapter_run import Finished

from runbook_lib.failover.trials.waiting import wait_for_nodes
from runbook_lib.hosts import OpenSite
from runbook_lib.journal import Journal
from runbook_lib.notebook.open_site import open_model
from runbook_lib.site import parse_site


@pytest.fixture
def site(finished: Finished) -> Iterator[OpenSite]:
    """The pair in steady state; whatever a test leaves is undone."""
    lab = finished.site.lab
    opened = open_model(parse_site({"lab": {"name": lab.name}}), Journal(None), Path())
    wait_for_nodes(opened)
    yield opened
    finished.site.runbook("fault", "recover")
    wait_for_nodes(opened)
