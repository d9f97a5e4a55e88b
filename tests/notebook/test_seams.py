"""The whole chapter on other machines than usual: Debian trixie, and machines with IPv6 that nobody uses."""

from __future__ import annotations

from pathlib import Path

import pytest
from chapter_run import GOOD, Site
from conftest import own_lab

pytestmark = [pytest.mark.lab, pytest.mark.slow, pytest.mark.timeout(1800)]

MACHINES = {"node128": 128, "node129": 129, "observer": 131, "client": 132}


@pytest.mark.parametrize(("release", "ipv6"), [("trixie", False), ("bookworm", True)], ids=["trixie", "ipv6"])
def test_the_chapter_passes_and_a_second_run_changes_nothing(release: str, ipv6: bool, tmp_path: Path) -> None:
    with own_lab("seams", with_nacos=True, release=release) as lab:
        for machine, number in MACHINES.items() if ipv6 else ():
            assert lab.capture(machine, ["ip", "addr", "add", f"fd00::{number}/64", "dev", "ens33"])[0] == 0
        site = Site(lab, tmp_path)
        arguments = ("-p", f"lab.release={release}")
        first = site.run(*arguments).result
        assert len(first["notebooks"]) == 10
        assert {notebook["verdict"] for notebook in first["notebooks"]} <= GOOD
        assert site.run(*arguments).result["changes"] == 0
