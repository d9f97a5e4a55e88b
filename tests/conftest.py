"""Labs for the tests marked `lab`: each session has its own, so that sessions run side by side, and never `chapter`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from chapter_run import Finished, Site

from runbook_lib import lab
from runbook_lib.lab import Lab
from runbook_lib.lab.folder import LABS


@pytest.fixture(scope="session")
def lab_without_nacos() -> Iterator[Lab]:
    """Four machines; what a test changes on them it puts back, or it powers the machine off and on."""
    with own_lab("plain", with_nacos=False) as made:
        yield made


@pytest.fixture(scope="session")
def lab_with_nacos() -> Iterator[Lab]:
    """The same, and three Nacos members that are still starting on node128."""
    with own_lab("nacos", with_nacos=True) as made:
        yield made


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Finished]:
    with own_lab("chapter", with_nacos=True) as lab:
        site = Site(lab, tmp_path_factory.mktemp("chapter"))
        before = site.verdicts()
        plan = site.runbook("run", "--plan").stdout
        yield Finished(site, before, plan, site.verdicts(), site.run("--reason", "the tests"))


@contextmanager
def own_lab(kind: str, *, with_nacos: bool) -> Iterator[Lab]:
    _remove_orphans()
    name = f"test-{kind}-{os.getpid()}"
    try:
        yield lab.up(name, with_nacos=with_nacos)
    finally:
        lab.down(name)


def _remove_orphans() -> None:
    """Take down the labs of test sessions that were killed: the process id in their name lives no more."""
    for folder in LABS.glob("test-*-*"):
        pid = folder.name.rpartition("-")[2]
        if pid.isdigit() and not Path("/proc", pid).exists():
            lab.down(folder.name)
