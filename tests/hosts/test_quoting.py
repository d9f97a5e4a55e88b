from __future__ import annotations

import subprocess
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from runbook_lib.hosts import quote
from runbook_lib.outward import Secret


@pytest.mark.parametrize("value", ["", "a b", "it's", '"$HOME" `id`', "a\nb;", "--flag", "*", "\\", "ü", "!x", "%s"])
def test_the_shell_gets_every_value_as_it_was(value: str) -> None:
    command = quote("printf %%s %s", value)
    assert subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True).stdout == value


def test_numbers_paths_and_addresses_are_values() -> None:
    assert quote("%s %s %s", 80, Path("/a b"), IPv4Address("10.0.0.1")) == "80 '/a b' 10.0.0.1"


def test_a_percent_sign_is_doubled_with_and_without_values() -> None:
    assert [quote("date +%%s"), quote("date -d %s +%%s", "now")] == ["date +%s", "date -d now +%s"]


@pytest.mark.parametrize(("command", "values"), [("echo %s", ()), ("echo", ("x",)), ("date +%s", ()), ("echo 5%", ())])
def test_slots_and_values_that_differ_in_number_are_an_error(command: str, values: tuple[str, ...]) -> None:
    with pytest.raises((TypeError, ValueError)):
        quote(command, *values)


@pytest.mark.parametrize("value", [None, b"x", Secret("x")], ids=["None", "bytes", "Secret"])
def test_what_has_no_place_in_a_command_line_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="has no place in a command line: give it on stdin"):
        quote("echo %s", value)


def test_a_nul_is_refused() -> None:
    with pytest.raises(ValueError, match="a NUL can't be a part of a command line"):
        quote("echo %s", "a\0b")
