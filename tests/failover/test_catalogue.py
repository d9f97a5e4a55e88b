from __future__ import annotations

import subprocess

import pytest

from runbook_lib.errors import ParameterError
from runbook_lib.failover.catalogue import FAULTS, fault_named
from runbook_lib.site import Site


def test_the_five_faults_of_the_catalogue() -> None:
    assert list(FAULTS) == [
        "stop-openresty",
        "openresty-cannot-start",
        "stop-keepalived",
        "shutdown-master",
        "power-off-master",
    ]


def test_only_the_faults_that_take_the_machine_away_need_a_power_switch() -> None:
    assert [name for name, fault in FAULTS.items() if fault.power] == ["shutdown-master", "power-off-master"]


def test_a_misspelt_fault_names_the_nearest() -> None:
    with pytest.raises(ParameterError) as error:
        fault_named("shutdwon-master")
    assert str(error.value) == "fault = 'shutdwon-master' is no fault. Did you mean 'shutdown-master'?"


def test_a_fault_like_no_other_names_them_all() -> None:
    with pytest.raises(ParameterError) as error:
        fault_named("x")
    assert str(error.value) == (
        "fault = 'x' is no fault. Known here: stop-openresty, openresty-cannot-start, stop-keepalived, "
        "shutdown-master, power-off-master."
    )


@pytest.mark.parametrize("name", list(FAULTS))
def test_every_command_is_a_shell_command(name: str) -> None:
    commands = FAULTS[name].commands(Site())
    for command in (commands.apply, commands.undo, commands.confirm):
        subprocess.run(["sh", "-n", "-c", command], check=True)  # -n: parse only
