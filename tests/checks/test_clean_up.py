from __future__ import annotations

from runbook_lib.chapter.clean_up import Left
from runbook_lib.checks.clean_up import judge_left
from runbook_lib.checks.verdict import Verdict

HINT = "Notebook 90 takes it away; the VIP goes when keepalived stops."
NOTHING = Left(
    service=False, config=False, script=False, build=False, entry=False, openings=(), previous=(), records=()
)
ALL = Left(service=True, config=True, script=True, build=True, entry=True, openings=("port=80/tcp",), previous=("/x",),
    records=("/var/lib/runbook/x",),
)  # fmt: skip


def test_a_node_as_it_was() -> None:
    assert judge_left(NOTHING, holds=False) == Verdict.passed("nothing")


def test_whatever_is_left_is_named() -> None:
    named = (
        "its unit and binary, keepalived.conf, the check script, the build, OpenResty's layout, "
        "openings in the firewall, older versions of files, files in /var/lib/runbook, the VIP"
    )
    assert judge_left(ALL, holds=True) == Verdict.failed(named, HINT)


def test_an_address_without_any_file_of_ours_is_left_too() -> None:
    assert judge_left(NOTHING, holds=True) == Verdict.failed("the VIP", HINT)
