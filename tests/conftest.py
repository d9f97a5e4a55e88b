"""Labs for the tests marked `lab`: each session has its own, so that sessions run side by side, and never `chapter`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from chapter_run import Finished, Site

from runbook_lib import lab, outward
from runbook_lib.lab import Lab
from runbook_lib.lab.folder import LABS

SHARED = {"finished": "chapter", "lab_with_nacos": "nacos", "lab_without_nacos": "plain"}
"""The kind of the lab that a fixture starts; the longest first."""
STARTS_WITHIN_S = 1200
"""The first test of a shared lab also waits for its start; of `finished`, for a run of the whole chapter."""
STARTED: set[str] = set()
"""The kinds that were started in this process."""


def pytest_itemcollected(item: pytest.Item) -> None:
    """`make test` runs those of the longest lab beside all others."""
    if lab_of(item) == "finished":
        item.add_marker(pytest.mark.chapter)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tests of a lab one after another."""
    order = [*SHARED, *sorted({lab_of(item) for item in items} - {*SHARED, ""}), ""]
    items.sort(key=lambda item: order.index(lab_of(item)))
    for name in SHARED:
        if first := next((item for item in items if lab_of(item) == name), None):
            first.add_marker(pytest.mark.timeout(STARTS_WITHIN_S), append=False)


def lab_of(item: pytest.Item) -> str:
    """The shared lab that a test uses; its module, where that has labs of its own; empty: none."""
    used = getattr(item, "fixturenames", ())
    shared = next((name for name in SHARED if name in used), "")
    return shared or (item.path.stem if item.get_closest_marker("lab") else "")


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Take down a shared lab after the last of its tests: a system has inotify instances for three labs at once."""
    used = lab_of(item)
    if used in SHARED and (nextitem is None or lab_of(nextitem) != used):
        lab.down(own_name(SHARED[used]))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Power on and plug in what the test before left so; a lab that a test took down is there again."""
    for fixture in ("lab_without_nacos", "lab_with_nacos"):
        kind = SHARED[fixture]
        if fixture in getattr(item, "fixturenames", ()) and kind in STARTED:
            lab.up(own_name(kind), with_nacos=kind == "nacos")


@pytest.fixture(autouse=True)
def _no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one test protects is not masked in the next one."""
    monkeypatch.setattr(outward, "_secrets", [])


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
def own_lab(kind: str, *, with_nacos: bool, release: str = "bookworm") -> Iterator[Lab]:
    _remove_orphans()
    STARTED.add(kind)
    try:
        yield lab.up(own_name(kind), release=release, with_nacos=with_nacos)
    finally:
        lab.down(own_name(kind))


def own_name(kind: str) -> str:
    """The name of this process's own lab."""
    return f"test-{kind}-{os.getpid()}"


def _remove_orphans() -> None:
    """Take down the labs of test sessions that were killed: the process id in their name lives no more."""
    for folder in LABS.glob("test-*-*"):
        pid = folder.name.rpartition("-")[2]
        if pid.isdigit() and not Path("/proc", pid).exists():
            lab.down(folder.name)
