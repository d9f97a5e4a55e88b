from pathlib import Path

from runbook_lib.lab.cgroups import Group


def test_running_moves_the_shell_and_becomes_the_command() -> None:
    assert Group(Path("/sys/fs/cgroup/x")).running("ls", "a b") == (
        "sh", "-c", 'echo 0 >"$0" && exec "$@"', "/sys/fs/cgroup/x/cgroup.procs", "ls", "a b",
    )  # fmt: skip


def test_a_group_that_is_gone_is_empty_and_can_be_destroyed_again(tmp_path: Path) -> None:
    gone = Group(tmp_path / "gone")
    assert not gone.populated()
    gone.destroy()
    assert gone.processes() == []


def test_a_group_that_vanishes_while_it_is_read_hides_no_other(tmp_path: Path) -> None:
    (tmp_path / "vanishing").mkdir()  # its cgroup.procs is gone already
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "cgroup.procs").write_text("7\n8\n")
    (tmp_path / "cgroup.procs").write_text("1\n")
    assert Group(tmp_path).processes() == [1, 7, 8]
