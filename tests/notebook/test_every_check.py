"""The count of the checks: each has a test that shows it failing and holding again."""

from __future__ import annotations

import ast
from pathlib import Path

import test_checks_both_ways
from test_checks_both_ways import CAUSES, ELSEWHERE

from runbook_lib.notebook.repository import repository_top


def test_every_check_has_its_pair() -> None:
    made = {
        str(node.args[0].value)
        for path in repository_top().glob("runbook_lib/**/*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", "") == "Check"
        and isinstance(node.args[0], ast.Constant)
    }
    assert len(made) > 40
    paired = [cause.check for cause in CAUSES] + list(ELSEWHERE)
    assert sorted(paired) == sorted(made)
    for test in ELSEWHERE.values():
        file, _, name = test.partition("::")
        path = repository_top() / "tests" / file if file else Path(test_checks_both_ways.__file__)
        assert f"def {name}(" in path.read_text(encoding="utf-8")
