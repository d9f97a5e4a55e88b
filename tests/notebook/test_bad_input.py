"""What `runbook` says to bad input: one sentence, what to do next, exit status 2, no traceback, no host asked."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from runbook_lib.__main__ import main
from runbook_lib.notebook.repository import repository_top

LAB_YAML = str(repository_top() / "parameters" / "lab.yaml")
Runbook = Callable[..., tuple[int, str, str]]
NODES = "nodes: {{master: {{name: node129, address: 192.168.42.129, priority: {0}}}}}"
CORRECT = "Correct it in the parameter file or the -p that set it."


@pytest.fixture
def runbook(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Runbook:
    """Call `runbook` with these arguments in an empty folder; exit status, stdout, stderr."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["runbook", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return ended.value.code, said.out, said.err

    return call


@pytest.mark.parametrize("command", ["run", "check", "fault inject stop-keepalived", "fault recover"])
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("site: {vrpp: {}}", "site.vrpp is no parameter. Did you mean 'vrrp'?"),
        (
            f"site: {{{NODES.format(300)}}}",
            f"site.nodes.master.priority = 300: Input should be less than or equal to 254. {CORRECT}",
        ),
        (
            f"site: {{{NODES.format(50)}}}",
            f"nodes.master.priority (50) must be above nodes.backup.priority (50). {CORRECT}",
        ),
        ("", "site.yaml is empty. See parameters/lab.yaml for its shape."),
        ("- a", "site.yaml is a list, not a mapping with the key site. See parameters/lab.yaml for its shape."),
        (
            "site: {}\nsite: {}",
            "site.yaml, line 2: site stands there twice. Correct it there; YAML goes by its indentation.",
        ),
        ("site: {}  # Z\udcfc", "site.yaml is not UTF-8: byte 13 is 0xfc. Save it as UTF-8."),
        (
            "site: {lab: {name: never-started}}",
            "Lab 'never-started' is not running. Start it: runbook lab up --name never-started",
        ),
    ],
)
def test_a_parameter_file(runbook: Runbook, tmp_path: Path, command: str, text: str, said: str) -> None:
    (tmp_path / "site.yaml").write_bytes(text.encode(errors="surrogateescape"))
    assert runbook(*command.split(), "-f", "site.yaml") == (2, "", f"runbook: {said}\n")
    assert [path.name for path in tmp_path.iterdir()] == ["site.yaml"]


def test_a_parameter_file_that_is_not_there(runbook: Runbook) -> None:
    said = "nowhere.yaml can't be read: there is no such file."
    cure = "Ready-made ones: parameters/lab.yaml, parameters/chapter-vms.yaml."
    assert runbook("run", "-f", "nowhere.yaml") == (2, "", f"runbook: {said} {cure}\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("-p", "vrrp.advertint=2"), "-p vrrp.advertint: no such parameter. Did you mean 'vrrp.advert_int'?"),
        (("-p", "fault=stop-openrest"), "fault = 'stop-openrest' is no fault. Did you mean 'stop-openresty'?"),
        (
            ("--only", "10", "-p", "faults=[stop-nacos, unplug-mastr]"),
            "fault = 'unplug-mastr' is no fault. Did you mean 'unplug-master'?",
        ),
        (
            ("--plan", "--only", "11", "-p", "trials=0"),
            "trials = 0 is too few. Give 1 or more: -p trials=3",
        ),
        (
            ("-p", "vrrp.auth_pass=0111"),
            f"site.vrrp.auth_pass = 73: YAML read this as int 73: quote this value. {CORRECT}",
        ),
        (("--only", "77"), "There is no notebook '77'. There are: 00, 01, 02, 03, 04, 05, 06, 07, 08, 09, 10, 11, 90."),
        (
            ("-p", "keepalived.archive=gone.tar.gz"),
            "keepalived.archive: there is no file {folder}/gone.tar.gz. Give the path of a source archive.",
        ),
    ],
)
def test_an_argument(runbook: Runbook, tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    expected = said.format(folder=tmp_path)
    assert runbook("run", "-f", LAB_YAML, "--out", "out", *arguments) == (2, "", f"runbook: {expected}\n")
    assert not (tmp_path / "out").exists()


def test_an_archive_with_another_hash(runbook: Runbook, tmp_path: Path) -> None:
    (tmp_path / "k.tar.gz").write_bytes(b"not it")
    found = hashlib.sha256(b"not it").hexdigest()
    status, out, err = runbook(
        "run", "-f", LAB_YAML, "-p", "keepalived.archive=k.tar.gz", "-p", f"keepalived.sha256={'ab' * 32}"
    )
    assert (status, out) == (2, "")
    assert err == (
        f"runbook: k.tar.gz has SHA-256 {found}, not {'ab' * 32} as keepalived.sha256 says. "
        "Nothing was changed: give the archive that you mean, or correct keepalived.sha256.\n"
    )


def test_a_machine_that_cannot_be_reached(runbook: Runbook, tmp_path: Path) -> None:
    ssh = "ssh: {address: 127.0.0.1, port: 1}"
    (tmp_path / "site.yaml").write_text(
        "site:\n  substrate: ssh\n  observer: none\n  observer_machine: null\n  client_machine: null\n  nodes:\n"
        f"    master: {{name: node129, address: 192.168.42.129, priority: 100, {ssh}}}\n"
        f"    backup: {{name: node128, address: 192.168.42.128, priority: 50, {ssh}}}\n"
    )
    status, out, err = runbook("run", "-f", "site.yaml", "--out", "out")
    said = "node129 (127.0.0.1 port 1) can't be reached over SSH: Connection refused."
    assert (status, err) == (2, f"runbook: {said} See whether it is on and its sshd runs.\n")
    *table, folder = out.splitlines()
    assert table[1].split() == ["00-start-here", "not", "run"]
    assert '"changes": 0' in Path(folder, "result.json").read_text()
