from __future__ import annotations

from typing import Any

import pytest

from checks.nodes import FakeHost, open_fake
from runbook_lib.chapter.config import CONFIG, MISSING_SCRIPT, render_configuration
from runbook_lib.checks.config import config_agrees, config_installed, config_valid, judge_installed, judge_test
from runbook_lib.checks.verdict import Verdict
from runbook_lib.hosts import Completed, OpenSite
from runbook_lib.site import parse_site

AGAIN = "Notebook 05 writes the file again; the line that is meant stands in the message."
NOTHING = Verdict.failed("no file", "Notebook 05 writes it.")


def having(role: str, **values: Any) -> FakeHost:
    """A node with what these parameters render for it."""
    model = parse_site(values)
    node = getattr(model.nodes, role)
    return FakeHost(node.name, files={CONFIG: render_configuration(model, node)})


def written(**values: Any) -> OpenSite:
    """A site whose nodes both have what these parameters render."""
    return open_fake(having("master", **values), having("backup", **values), **values)


def ran(status: int, stderr: str) -> Completed:
    return Completed("node128", "keepalived -t", status, "", stderr, 0.1)


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (None, NOTHING),
        (
            "old\n",
            Verdict.failed(
                "another text",
                "`runbook run -f FILE --only 05 --plan` shows the difference; 05 writes it, 07 has it read.",
            ),
        ),
        ("new\n", Verdict.passed("as rendered")),
    ],
)
def test_the_file_is_as_rendered(found: str | None, verdict: Verdict) -> None:
    assert judge_installed(found, "new\n") == verdict


def test_each_node_is_compared_with_its_own_file() -> None:
    assert config_installed(written()).observe() == Verdict.passed("node129: as rendered; node128: as rendered")


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        (ran(0, ""), Verdict.passed("no complaint")),
        (ran(0, "a\nb\nc\nd\n"), Verdict.passed("a | b | c")),
        (ran(1, "(Line 3) Unknown keyword 'x'\n"), Verdict.failed("(Line 3) Unknown keyword 'x'", AGAIN)),
        (ran(1, f"{MISSING_SCRIPT}\nx: not found\n"), Verdict.failed(f"{MISSING_SCRIPT} | x: not found", AGAIN)),
        (
            ran(1, "sh: 1: /usr/sbin/keepalived: not found\n"),
            Verdict.failed("/usr/sbin/keepalived can't be run", "Notebooks 02 and 03 bring it."),
        ),
    ],
)
def test_what_keepalived_says_of_its_file(said: Completed, verdict: Verdict) -> None:
    assert judge_test(said) == verdict


def test_a_script_that_is_still_to_come_is_no_complaint() -> None:
    observed = "no complaint but that /etc/keepalived/openresty_check.sh is still to come (notebook 06)"
    assert judge_test(ran(0, f"{MISSING_SCRIPT}\n")) == Verdict.passed(observed)


def test_a_keepalived_that_takes_a_missing_file_is_not_asked() -> None:
    site = open_fake(FakeHost("node129"), FakeHost("node128", files={CONFIG: ""}))
    verdict = Verdict.failed("node129: no file; node128: no complaint", NOTHING.hint)
    assert config_valid(site).observe() == verdict


def test_what_we_render_agrees() -> None:
    observed = "version, VRID, interval, password and VIPs are equal; priorities and weights fit"
    assert config_agrees(written()).observe() == Verdict.passed(observed)


def test_a_weight_that_never_moves_the_vip_only_warns() -> None:
    verdict = config_agrees(written(weight=-20)).observe()
    assert verdict.status == "WARNED"
    assert verdict.observed == (
        "weight −20 never moves the VIP: node129 falls from 100 to 80, and node128 has 50 [weight-gap]"
    )


def test_an_error_outweighs_a_warning_and_both_are_told() -> None:
    other = having("backup", weight=-20, vrrp={"router_id": 52})
    verdict = config_agrees(open_fake(having("master", weight=-20), other)).observe()
    assert verdict.status == "FAILED"
    assert "virtual_router_id is 51 on node129 and 52 on node128 [equal-on-both]; weight −20" in verdict.observed


def test_a_cure_for_both_nodes_is_said_once() -> None:
    verdict = config_agrees(written(check_script="chapter", weight=0)).observe()
    assert verdict.observed.count("[restart-gap]") == 2
    assert verdict.hint == "Raise fall: a restart alone should not move the VIP."


@pytest.mark.parametrize(
    ("there", "missing"), [((), "node129, node128"), (("node129",), "node128"), (("node128",), "node129")]
)
def test_a_missing_file_agrees_with_nothing(there: tuple[str, ...], missing: str) -> None:
    hosts = (FakeHost(name, files={CONFIG: ""} if name in there else {}) for name in ("node129", "node128"))
    verdict = Verdict.failed(f"no /etc/keepalived/keepalived.conf on {missing}", "Notebook 05 writes it.")
    assert config_agrees(open_fake(*hosts)).observe() == verdict
