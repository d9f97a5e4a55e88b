from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from runbook_lib import demonstrations, failover
from runbook_lib.errors import ParameterError
from runbook_lib.notebook.disturbances import disturbances
from runbook_lib.notebook.notebook_file import notebooks_in
from runbook_lib.notebook.repository import NOTEBOOKS, repository_top
from runbook_lib.site import Site, parse_site

NOTEBOOK = {notebook.number: notebook for notebook in notebooks_in(repository_top() / NOTEBOOKS)}
EVERYTHING = parse_site({"disruption": "demonstrations"})
RESTARTED = "step 12 restarts keepalived on the BACKUP, once; the VIP stays"
STOPPED = "OpenResty is stopped on the MASTER, once, and comes back by itself; the VIP stays"
SHUT_DOWN = "shutdown-master hits whoever holds the VIP, predicted outage 0.805 s, and is undone"
CATALOGUE = "16 of the 16 faults: each hits the site 3 times, and is undone"
CONFIGURATIONS = (
    "7 configurations are written and loaded on both nodes, each is hit 3 times; what was found is put back"
)
DIRECT_RULE = "the VIP's holder lets VRRP in by the chapter's rule alone, for some seconds; the VIP stays"
FROZEN = "the BACKUP's OpenResty is frozen for a moment; the VIP stays"
OWN_SCRIPT = (
    "both nodes get the chapter's script, and the BACKUP's OpenResty is stopped, for some seconds; the VIP stays"
)
VERSIONS = "both nodes speak VRRP version 2, then 3, for some seconds; the VIP is away for a few seconds, twice"
COMBINATIONS = "openresty-cannot-start, four times, with each check script and weight; what was found is put back"
TWO_HOLDERS = "both nodes drop VRRP and hold the VIP, twice; the service is away for up to half a minute"
NO_SWITCH = "needs a power switch to bring the machine back, and substrate ssh has none"


def told(site: Site) -> dict[str, tuple[str, ...]]:
    """What each notebook says, without those that say nothing."""
    every = {number: disturbances(site, notebook, {}) for number, notebook in NOTEBOOK.items()}
    return {number: lines for number, lines in every.items() if lines}


def disturbs(*what: str) -> tuple[str, ...]:
    return tuple(f"disturbs: {one}" for one in what)


def nothing(why: str) -> tuple[str, ...]:
    return (f"disturbs nothing: {why}",)


def own_machines(**values: object) -> Site:
    """Two of one's own, and an observer beside them."""
    observer = {"name": "watch", "address": "192.168.42.7"}
    return parse_site({"substrate": "ssh", "observer_machine": observer, **values})


def test_a_lab_as_it_is() -> None:
    assert told(Site()) == {
        "07": disturbs(RESTARTED),
        "08": disturbs(STOPPED),
        "09": disturbs(SHUT_DOWN),
        "10": disturbs(CATALOGUE),
        "11": nothing("the site allows faults"),
    }


def test_a_lab_with_demonstrations() -> None:
    assert told(EVERYTHING) == {
        "04": disturbs(DIRECT_RULE),
        "06": disturbs(FROZEN),
        "07": disturbs(RESTARTED, OWN_SCRIPT),
        "08": disturbs(STOPPED, VERSIONS),
        "09": disturbs(SHUT_DOWN, COMBINATIONS, TWO_HOLDERS),
        "10": disturbs(CATALOGUE),
        "11": disturbs(CONFIGURATIONS),
    }


def test_a_site_that_allows_nothing() -> None:
    assert told(own_machines()) == dict.fromkeys(("07", "08", "09", "10", "11"), nothing("the site allows none"))


def test_own_machines_with_an_observer() -> None:
    assert told(own_machines(disruption="demonstrations")) == {
        "04": disturbs(DIRECT_RULE),
        "06": disturbs(FROZEN),
        "07": disturbs(RESTARTED, OWN_SCRIPT),
        "08": disturbs(STOPPED, VERSIONS),
        "09": disturbs(COMBINATIONS, TWO_HOLDERS),
        "10": disturbs("11 of the 16 faults: each hits the site 3 times, and is undone"),
        "11": nothing(f"power-off-master {NO_SWITCH}"),
    }


def test_own_machines_without_an_observer() -> None:
    nobody = nothing("the site has observer: none, so nobody measures")
    assert told(own_machines(observer="none", disruption="demonstrations")) == {
        "04": disturbs(DIRECT_RULE),
        "06": disturbs(FROZEN),
        "07": disturbs(RESTARTED, OWN_SCRIPT),
        "08": disturbs(STOPPED),
        "09": nothing(f"shutdown-master {NO_SWITCH}"),
        "10": nobody,
        "11": nobody,
    }


def test_a_demonstration_that_has_nothing_to_show_there_disturbs_nothing() -> None:
    elsewhere = {"openresty": {"prefix": "/opt/openresty"}, "vrrp": {"preempt": False}}
    there = told(parse_site({"disruption": "demonstrations", **elsewhere}))
    assert there["07"] == disturbs(RESTARTED)
    assert there["09"] == disturbs(SHUT_DOWN, COMBINATIONS)


def test_what_is_given_takes_the_place_of_the_notebooks_own_defaults() -> None:
    assert disturbances(Site(), NOTEBOOK["09"], {"fault": "power-off-master"}) == disturbs(
        "power-off-master hits whoever holds the VIP, predicted outage 2.805-3.805 s, and is undone"
    )
    given = {"trials": 20, "faults": ["stop-openresty", "unplug-master"]}
    assert disturbances(Site(), NOTEBOOK["10"], given) == disturbs(
        "2 of the 16 faults: each hits the site 20 times, and is undone"
    )
    assert disturbances(own_machines(disruption="faults"), NOTEBOOK["10"], {"faults": ["unplug-master"]}) == nothing(
        "unplug-master needs a hand at the cable to plug it in again, and substrate ssh has none"
    )
    with pytest.raises(ParameterError, match="Did you mean 'stop-nacos'"):
        disturbances(Site(), NOTEBOOK["10"], {"faults": ["stop-nacoss"]})


def test_a_demonstration_disturbs_unless_its_step_says_that_it_changes_nothing() -> None:
    said = {line for lines in told(EVERYTHING).values() for line in lines}
    steps = [step for notebook in NOTEBOOK.values() for step in demonstrated(notebook.path)]
    assert len(steps) == 12
    for show, changes_nothing in steps:
        what = disturbed_by(show)
        assert changes_nothing == (what is None), show
        assert what is None or set(disturbs(what)) <= said


def demonstrated(path: Path) -> Iterator[tuple[str, bool]]:
    """What each demonstration of a notebook calls, and whether its step says that it changes nothing."""
    cells = ["".join(cell["source"]) for cell in json.loads(path.read_text("utf-8"))["cells"]]
    for prose, call in pairwise(cells):
        if "(a demonstration)" in prose.partition("\n")[0]:
            yield call.partition("(")[0].rpartition(".")[2], "**Changes** nothing:" in prose


def disturbed_by(show: str) -> str | None:
    """The sentence that stands beside a demonstration."""
    room = failover if hasattr(failover, show) else demonstrations
    return getattr(sys.modules[getattr(room, show).__module__], "DISTURBS", None)
