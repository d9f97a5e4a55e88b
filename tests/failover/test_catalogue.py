from __future__ import annotations

import dataclasses
import subprocess

import pytest

from runbook_lib.errors import ParameterError
from runbook_lib.failover.faults.catalogue import FAULTS, fault_named
from runbook_lib.site import Site

IDS = (
    "stop-openresty", "openresty-cannot-start", "freeze-openresty", "stop-keepalived", "kill-keepalived-parent",
    "kill-keepalived", "freeze-keepalived", "shutdown-master", "power-off-master", "reboot-master", "unplug-master",
    "block-vrrp-one-side", "block-vrrp-both", "vrrp-loss", "stop-nacos", "return-of-master",
)  # fmt: skip


def test_the_faults_of_the_catalogue() -> None:
    assert tuple(FAULTS) == IDS


def test_only_the_faults_that_take_the_machine_away_need_the_lab() -> None:
    away = ["shutdown-master", "power-off-master", "reboot-master", "unplug-master"]
    assert [name for name, fault in FAULTS.items() if fault.by_lab] == away


@pytest.mark.parametrize("name", IDS)
def test_every_fault_says_in_one_sentence_what_it_does_not_simulate(name: str) -> None:
    assert FAULTS[name].not_simulated.endswith(".")
    assert FAULTS[name].not_simulated.count(". ") == 0


def test_a_misspelt_fault_names_the_nearest() -> None:
    with pytest.raises(ParameterError) as error:
        fault_named("shutdwon-master")
    assert str(error.value) == "fault = 'shutdwon-master' is no fault. Did you mean 'shutdown-master'?"


def test_a_fault_like_no_other_names_them_all() -> None:
    with pytest.raises(ParameterError) as error:
        fault_named("x")
    assert str(error.value) == (f"fault = 'x' is no fault. Known here: {', '.join(IDS)}.")


@pytest.mark.parametrize("name", list(FAULTS))
def test_every_command_is_a_shell_command(name: str) -> None:
    commands = dataclasses.replace(FAULTS[name].commands(Site()), refusal="")
    for command in dataclasses.astuple(commands):
        subprocess.run(["sh", "-n", "-c", command], check=True)  # -n: parse only
