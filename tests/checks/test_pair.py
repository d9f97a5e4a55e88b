from __future__ import annotations

import pytest

from checks.nodes import FakeHost, lost, open_fake
from runbook_lib.checks.pair import on_both, worse
from runbook_lib.checks.verdict import Status, Verdict
from runbook_lib.hosts import Host

WORST_FIRST = [Status.FAILED, Status.UNKNOWN, Status.WARNED, Status.PASSED, Status.SKIPPED]


@pytest.mark.parametrize("first", WORST_FIRST)
@pytest.mark.parametrize("second", WORST_FIRST)
def test_the_worse_of_two_counts(first: Status, second: Status) -> None:
    found = worse((("node129", Verdict(first, "a")), ("node128", Verdict(second, "b"))))
    assert found.status is min(first, second, key=WORST_FIRST.index)


def test_what_both_say_stands_there_and_a_hint_of_both_once() -> None:
    twice = [(name, Verdict.failed(f"of {name}", "Do this.")) for name in ("node129", "node128")]
    assert worse(twice) == Verdict.failed("node129: of node129; node128: of node128", "Do this.")


def test_two_hints_stand_side_by_side_and_a_node_that_is_right_has_none() -> None:
    judged = [
        ("a", Verdict.failed("1", "Do this.")),
        ("b", Verdict.passed("2")),
        ("c", Verdict.warned("3", "Or that.")),
    ]
    assert worse(judged) == Verdict.failed("a: 1; b: 2; c: 3", "Do this. Or that.")


def test_a_node_that_is_lost_is_unknown_and_the_other_is_asked_still() -> None:
    def judge(host: Host) -> Verdict:
        host.run("true")
        return Verdict.passed("here")

    site = open_fake(FakeHost("node129"), FakeHost("node128", lost))
    observed = "node129: here; node128: (192.168.42.128:22) can't be reached over SSH: timed out"
    assert on_both(site, judge) == Verdict.unknown(observed, "Is it on?")
