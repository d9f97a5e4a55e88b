import subprocess
import sys

import pytest
from typer.testing import CliRunner

from runbook_lib.errors import LabError
from runbook_lib.lab.commands import app, render_status
from runbook_lib.lab.protocol import LabStatus, MachineStatus


def test_status_reads_as_text() -> None:
    machines = {
        "node128": MachineStatus("running", "192.168.42.128", 40001, True),
        "node129": MachineStatus("off", "192.168.42.129", 40002, False),
    }
    assert render_status(LabStatus("chapter", "running", machines, 40005)) == (
        "lab chapter: running\n"
        "  node128   running  192.168.42.128  ssh 127.0.0.1:40001\n"
        "  node129   off      192.168.42.129  ssh 127.0.0.1:40002, cable out\n"
        "  http://127.0.0.1:40005 leads to the VIP's port 80, from the client machine"
    )


def test_status_of_a_lab_that_is_down_is_no_error() -> None:
    shown = CliRunner().invoke(app, ["status", "--name", "nowhere", "--json"])
    assert shown.exit_code == 0
    assert shown.output == '{"name": "nowhere", "state": "down", "machines": {}, "vip_http_port": null}\n'


@pytest.mark.parametrize(
    "command", [["ssh", "node128"], ["exec", "node128", "true"], ["logs", "node128"], ["power-off", "node128"]]
)
def test_a_lab_that_is_down_is_named_with_the_cure(command: list[str]) -> None:
    result = CliRunner().invoke(app, [*command[:1], "--name", "nowhere", *command[1:]])
    assert isinstance(result.exception, LabError)
    assert str(result.exception) == "Lab 'nowhere' is not running. Start it: runbook lab up --name nowhere"


def test_down_of_nothing_is_fine() -> None:
    assert CliRunner().invoke(app, ["down", "--name", "nowhere"]).exit_code == 0


def test_the_labs_commands_bring_no_heavy_library() -> None:
    slow = {"papermill", "matplotlib", "paramiko", "pyroute2", "pydantic", "asyncio"}
    code = "import sys, runbook_lib.lab.commands; print(*(m for m in sys.modules if '.' not in m))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert slow.isdisjoint(loaded)
