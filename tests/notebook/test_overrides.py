"""-p NAME=VALUE: inside site or a notebook's own, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runbook_lib.errors import ParameterError
from runbook_lib.notebook.notebook_file import Notebook, Parameter
from runbook_lib.notebook.overrides import Given, apply_overrides, parse_override, site_paths
from runbook_lib.site import parse_site

NINE = Notebook("09", Path("09-simulate-failure.ipynb"), (Parameter("fault", "str", "shutdown-master"),))
TEN = Notebook("10", Path("10-compare-failovers.ipynb"), (Parameter("trials", "int", 5),))


def given(*options: str, site: dict[str, Any] | None = None) -> Given:
    return apply_overrides(site or {}, [parse_override(o) for o in options], [NINE], [TEN], Path("/here"))


def refusal(*options: str, site: dict[str, Any] | None = None) -> str:
    with pytest.raises(ParameterError) as caught:
        given(*options, site=site)
    return str(caught.value)


def test_values_are_yaml() -> None:
    site = given("vrrp.version=3", "vrrp.advert_int=0.1", "check_script=chapter", "weight=", "vrrp.preempt=off").site
    assert site["check_script"] == "chapter"
    assert site["weight"] is None
    assert (site["vrrp"]["version"], site["vrrp"]["advert_int"], site["vrrp"]["preempt"]) == (3, 0.1, False)


@pytest.mark.parametrize(
    "option",
    ["vrrp.version=3", "vrrp.advert_int=2", "check_script=chapter", "weight=-20", "disruption=demonstrations",
     "keepalived.archive=a.tar.gz", f"keepalived.sha256={'a' * 64}", "lab.release=trixie"],
)  # fmt: skip
def test_the_names_that_other_tools_use(option: str) -> None:
    parse_site(dict(given(option).site))


def test_a_part_that_the_file_leaves_out_keeps_its_other_defaults() -> None:
    model = parse_site(dict(given("nodes.master.priority=200").site))
    assert (model.nodes.master.name, model.nodes.master.priority, model.nodes.backup.priority) == ("node129", 200, 50)


def test_the_file_is_not_changed() -> None:
    site = {"vrrp": {"version": 2}}
    given("vrrp.version=3", site=site)
    assert site == {"vrrp": {"version": 2}}


def test_a_path_counts_from_the_current_folder() -> None:
    assert given("keepalived.archive=x.tar.gz").site["keepalived"]["archive"] == "/here/x.tar.gz"


def test_a_notebooks_own_parameter() -> None:
    assert given("fault=stop-keepalived").notebooks == {"09": {"fault": "stop-keepalived"}}


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("fault", "-p fault: not NAME=VALUE. Write for example -p vrrp.advert_int=2"),
        ("=3", "-p =3: not NAME=VALUE. Write for example -p vrrp.advert_int=2"),
        ("vrrp.verson=3", "-p vrrp.verson: no such parameter. Did you mean 'vrrp.version'?"),
        ("site.vrrp.version=3", "-p site.vrrp.version: no such parameter. Did you mean 'vrrp.version'?"),
        ("version=3", "-p version: no such parameter. Did you mean 'vrrp.version'?"),
        ("falt=stop-keepalived", "-p falt: no such parameter. Did you mean 'fault'?"),
        (
            "trials=3",
            "-p trials: no such parameter. "
            "It is one of 10-compare-failovers: runbook run -f FILE --only 10 -p trials=VALUE",
        ),
        (
            "zzz=3",
            "-p zzz: no such parameter. Known are the names in parameters/lab.yaml, with dots, "
            "and those of the selected notebooks' parameters cells.",
        ),
        (
            "fault=3",
            "fault = 3 is not of the type str. Write for example -p 'fault=\"0111\"'",
        ),
        (
            "nodes={a: 1, a: 2}",
            "-p nodes={a: 1, a: 2}, line 1: a stands there twice. Correct it there; YAML goes by its indentation.",
        ),
    ],
)
def test_everything_else_is_refused(option: str, said: str) -> None:
    assert refusal(option) == said


def test_the_same_name_twice_is_refused() -> None:
    assert refusal("weight=1", "weight=2") == "-p weight is given twice. Give it once."


def test_inside_what_is_no_mapping() -> None:
    assert refusal("vrrp.version=3", site={"vrrp": [1]}) == (
        "site: vrrp is [1], not a mapping. Correct the parameter file."
    )


def test_an_unquoted_auth_pass_is_refused_by_the_model() -> None:
    with pytest.raises(ParameterError, match="YAML read this as int 73: quote this value"):
        parse_site(dict(given("vrrp.auth_pass=0111").site))


def test_site_paths_know_every_depth() -> None:
    assert {"vip", "vrrp.version", "nodes.master.ssh.port", "client_machine.name"} <= set(site_paths())
