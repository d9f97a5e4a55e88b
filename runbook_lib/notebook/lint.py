"""`runbook lint`: what is wrong with two keepalived.conf files, without a keepalived and without a node."""

from __future__ import annotations

from pathlib import Path

from runbook_lib.artifacts import is_file
from runbook_lib.checks.config_findings import NodeConfiguration
from runbook_lib.checks.config_linter import lint
from runbook_lib.checks.config_vocabulary import KNOWN, TOP
from runbook_lib.errors import ParameterError
from runbook_lib.keepalived_conf.files import read_configuration
from runbook_lib.notebook.pair_tables import render_findings, render_findings_json

CLEAN, FOUND = 0, 1


def lint_files(file_a: str, file_b: str, *, as_json: bool) -> int:
    """Print what is wrong with the pair; the exit status. Raises ParameterError where a file can't be parsed."""
    findings = lint(*read_pair(file_a, file_b))
    print(render_findings_json(findings) if as_json else render_findings(findings))
    return FOUND if findings else CLEAN


def read_pair(file_a: str, file_b: str) -> tuple[NodeConfiguration, NodeConfiguration]:
    """Both files, each named as short as tells them apart. Raises ParameterError where one can't be parsed."""
    files = (file_a, file_b)
    for short in (_host, lambda file: Path(file).name, str):
        names = [short(file) for file in files]
        if all(names) and names[0] != names[1]:
            break
    else:
        names = [f"{names[0]} (1)", f"{names[1]} (2)"]
    first, second = (
        NodeConfiguration(name, "", read_configuration(file)) for name, file in zip(names, files, strict=True)
    )
    for node, file in ((first, file_a), (second, file_b)):
        if not any(statement.keyword in KNOWN[TOP] for statement in node.configuration.top.body):
            what = f"{file} is no keepalived.conf: it knows not one of its statements."
            raise ParameterError(what, "Name two files as keepalived reads them.")
    return first, second


def _host(file: str) -> str:
    return "" if is_file(Path(file)) else file.rpartition("@")[2]
