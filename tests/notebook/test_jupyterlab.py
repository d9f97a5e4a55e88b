"""A trainee steps through notebooks in JupyterLab, breaks something, and reads in the page what to do."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator

import pytest
from interruption import on
from trainee import Page, jupyterlab

from runbook_lib.lab import Lab

LACKING = [program for program in ("chromium", "chromedriver") if shutil.which(program) is None]
pytestmark = [
    pytest.mark.lab,
    pytest.mark.browser,
    pytest.mark.skipif(LACKING != [], reason=f"no {' and no '.join(LACKING)} here: apt-get install chromium-driver"),
]
CHECKS_OF_00 = (
    "machines.ready", "machines.clocks", "segment.keepalived-ours", "segment.vip-free", "segment.vrid-free",
    "failover.none-left",
)  # fmt: skip
CLOSE = "for option in --permanent ''; do firewall-cmd -q $option --remove-protocol=vrrp || exit 1; done"
NODES = ("node129", "node128")


def name_lab(page: Page, name: str) -> None:
    page.rewrite("parameters", f'site: dict = {{"lab": {{"name": "{name}"}}}}')


@pytest.fixture
def lab_without_vrrp(lab_without_nacos: Lab) -> Iterator[Lab]:
    for node in NODES:
        on(lab_without_nacos, node, CLOSE)
    yield lab_without_nacos
    for node in NODES:
        on(lab_without_nacos, node, CLOSE + "; rm -f /var/lib/runbook/firewall-openings")


def test_every_cell_of_00_runs_and_says_what_is_broken(lab_without_nacos: Lab) -> None:
    lab = lab_without_nacos
    with jupyterlab("00-start-here") as page:
        name_lab(page, "nobody")
        page.run_all()
        hint = "Start it: runbook lab up --name nobody"
        assert page.outputs().strip() == f"LabNotRunningError: Lab 'nobody' is not running. {hint}"

        name_lab(page, lab.name)
        page.run_all()
        (drawing,) = page.drawings("drawing-do")
        assert drawing.is_displayed()
        assert "192.168.42.130" in str(drawing.get_property("textContent"))
        seen = page.outputs()
        assert [check for check in CHECKS_OF_00 if f"✔ PASSED  {check}: " not in seen] == []
        assert "Traceback" not in seen
        assert "Error" not in seen

        lab.unplug("node129")
        try:
            page.run("drawing-verify")
            seen = page.output("drawing-verify")
            assert "✘ FAILED  machines.ready: " in seen
            assert "node129: the cable of ens33 is out" in seen
            plug = f"runbook lab plug node129 --name {lab.name}; a run does it, too."
            assert f"  → Put node129's cable in: {plug}" in seen
        finally:
            lab.plug("node129")
        page.run("drawing-verify")
        assert "✔ PASSED  machines.ready: " in page.output("drawing-verify")


def test_a_step_of_04_runs_by_hand(lab_without_vrrp: Lab) -> None:
    with jupyterlab("04-allow-vrrp") as page:
        name_lab(page, lab_without_vrrp.name)
        page.run("parameters", "setup", "allow-verify")
        assert "✘ FAILED  vrrp.arrives: " in page.output("allow-verify")

        page.run("allow-do", "allow-verify")
        change = page.output("allow-do").splitlines()
        assert change[0].split() == ["host", "change", "found", "done", "by"]
        assert [line.split()[0] for line in change[1:]] == list(NODES)
        assert "firewall-cmd --permanent --add-protocol=vrrp" in change[1]
        assert "✔ PASSED  vrrp.arrives: " in page.output("allow-verify")


def test_the_pair_is_watched_while_another_cell_runs(lab_without_nacos: Lab) -> None:
    take, leave = (f"ip address {do} 192.168.42.130/24 dev ens33" for do in ("add", "del"))
    with jupyterlab("00-start-here") as page:
        name_lab(page, lab_without_nacos.name)
        page.rewrite("drawing-do", "from runbook_lib.notebook import watch; watch(site)")
        page.rewrite("drawing-verify", "import time; time.sleep(20)")
        page.run("parameters", "setup", "drawing-do")
        page.wait_drawn("drawing-do", "node129, no VRRP state, no VIP")
        page.begin("drawing-verify")
        on(lab_without_nacos, "node129", take)
        try:
            page.wait_drawn("drawing-do", "node129, no VRRP state, holds the VIP")
            assert page.is_running()
            page.wait_idle()
            page.press("drawing-do", "Pause")
            time.sleep(2)
        finally:
            on(lab_without_nacos, "node129", leave)
        time.sleep(5)
        page.wait_drawn("drawing-do", "node129, no VRRP state, holds the VIP")
        page.press("drawing-do", "Pause")
        page.wait_drawn("drawing-do", "node129, no VRRP state, no VIP")
