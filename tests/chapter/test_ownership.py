"""What stood at a path before us, and what somebody put there later: by the shell that a node runs."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from runbook_lib.chapter import ownership
from runbook_lib.chapter.change import Command
from runbook_lib.chapter.ownership import (
    ASIDE,
    BEFORE,
    MARK,
    keep_before,
    keep_theirs,
    note_unit,
    nothing_stood,
    put_back,
    restore_unit,
    unit_record,
    written,
)
from runbook_lib.hosts import quote

KILLED = 137
STEPS = 24
"""More than any of the commands has: the last of them ends by itself."""
_ENDED = """\
left={steps}
step() {{ left=$((left - 1)); [ $left -gt 0 ] || kill -KILL $$; }}
for c in rm cp mv mkdir; do eval "$c() {{ step; command $c \\"\\$@\\"; s=\\$?; step; return \\$s; }}"; done
"""
"""Shell that ends itself before or after one of its commands, as a machine that loses its power."""
Writer = Callable[[Path, str], None]


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    state = tmp_path / "state"
    monkeypatch.setattr(ownership, "STATE", str(state))
    for name in ("NOTHING_STOOD", "WRITTEN", "UNIT_RECORDS"):
        monkeypatch.setattr(ownership, name, f"{state}/{name.lower()}")
    return state


def run(command: Command, before: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    script = before + quote(command.command, *command.values)
    values = os.environ | environment
    return subprocess.run(["sh", "-c", script], check=False, capture_output=True, text=True, env=values)


def done(command: Command, **environment: str) -> None:
    ran = run(command, **environment)
    assert (ran.returncode, ran.stderr) == (0, "")


def write_file(path: Path, text: str) -> None:
    path.write_text(text)


def write_folder(path: Path, text: str) -> None:
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir()
    (path / "f").write_text(text)


def texts(folder: Path) -> dict[str, str]:
    """By name, what stands there whole: files, and folders with one file; without our records."""
    found = {}
    for path in folder.iterdir():
        if path.suffix not in (".part", ".runbook-old") and path.name != "state":
            found[path.name] = (path / "f" if path.is_dir() else path).read_text()
    return found


def test_what_stood_there_first_is_kept_once_and_later_ones_aside(tmp_path: Path) -> None:
    path = tmp_path / "f"
    for text in ("theirs", "by hand", "by hand again", "by hand"):
        path.write_text(text)
        done(keep_theirs(str(path)))
    assert texts(tmp_path) == {
        "f": "by hand", f"f{BEFORE}": "theirs", f"f{ASIDE}": "by hand", "f.aside-2": "by hand again",
    }  # fmt: skip


def test_what_somebody_puts_where_nothing_stood_is_not_what_is_put_back(tmp_path: Path) -> None:
    path = tmp_path / "f"
    done(keep_theirs(str(path), stands=False))
    path.write_text("by hand")
    done(keep_theirs(str(path)))
    path.write_text("ours")
    done(put_back(str(path)))
    assert texts(tmp_path) == {f"f{ASIDE}": "by hand"}
    assert not Path(nothing_stood(str(path))).exists()


def test_what_an_earlier_version_of_the_runbook_kept_is_put_back(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_text("by hand")
    (tmp_path / f"f{BEFORE}").write_text("theirs")
    done(keep_theirs(str(path)))
    done(put_back(str(path)))
    assert texts(tmp_path) == {"f": "theirs", f"f{ASIDE}": "by hand"}


def test_what_may_be_ours_is_kept_the_first_time_only(tmp_path: Path) -> None:
    path = tmp_path / "f"
    for text in ("printed", "printed too"):
        path.write_text(text)
        done(keep_theirs(str(path), may_be_ours=True))
    assert texts(tmp_path) == {"f": "printed too", f"f{BEFORE}": "printed"}


def test_a_link_is_kept_as_the_link_that_it_is(tmp_path: Path) -> None:
    link = tmp_path / "f"
    link.symlink_to("/dev/null")
    done(keep_theirs(str(link)))
    link.unlink()
    link.write_text("ours")
    done(put_back(str(link)))
    assert link.readlink() == Path("/dev/null")


def test_a_file_that_a_link_leads_to_is_not_written(tmp_path: Path) -> None:
    link, theirs = tmp_path / "f", tmp_path / "theirs"
    theirs.write_text("theirs")
    link.symlink_to("theirs")
    write(link, "ours")
    assert (theirs.read_text(), link.is_symlink()) == ("theirs", False)
    done(put_back(str(link)))
    assert (link.readlink(), theirs.read_text()) == (Path("theirs"), "theirs")


def write(path: Path, text: str) -> None:
    """As an operation does: keep what may be somebody's, then write; a link is followed."""
    wanted = f"# {MARK}\n{text}"
    for command in keep_before(str(path), path.read_text() if path.exists() else None, wanted):
        done(command)
    path.write_text(wanted)


def test_what_was_changed_by_hand_in_a_file_of_ours_is_kept_aside(tmp_path: Path) -> None:
    path = tmp_path / "f"
    for text in ("one", "two"):
        write(path, text)
    with path.open("a") as file:
        file.write(", by hand")
    for text in ("three", "two", "one"):
        write(path, text)
    assert texts(tmp_path) == {"f": f"# {MARK}\none", f"f{ASIDE}": f"# {MARK}\ntwo, by hand"}
    done(put_back(str(path)))
    assert not path.exists()
    assert not Path(written(str(path))).exists()


def test_a_write_that_did_not_happen_does_not_make_our_file_somebody_elses(tmp_path: Path) -> None:
    path = tmp_path / "f"
    write(path, "one")
    for command in keep_before(str(path), path.read_text(), f"# {MARK}\ntwo"):
        done(command)
    write(path, "three")
    assert texts(tmp_path) == {"f": f"# {MARK}\nthree"}


def test_half_a_copy_does_not_pass_for_theirs(tmp_path: Path) -> None:
    theirs, part = tmp_path / "d", tmp_path / f"d{BEFORE}.part"
    write_folder(theirs, "theirs")
    write_folder(part, "th")
    done(keep_theirs(str(theirs)))
    assert (tmp_path / f"d{BEFORE}" / "f").read_text() == "theirs"
    assert not part.exists()


@pytest.mark.parametrize("steps", range(1, STEPS))
@pytest.mark.parametrize("write", [write_file, write_folder])
def test_ended_at_any_moment_and_run_again_nothing_is_lost(write: Writer, steps: int, tmp_path: Path) -> None:
    path = tmp_path / "f"
    ended = []

    def interrupted(command: Command) -> None:
        ran = run(command, _ENDED.format(steps=steps))
        ended.append(ran.returncode)
        assert ran.returncode in (0, -9), ran.stderr

    write(path, "theirs")
    interrupted(keep_theirs(str(path)))
    assert texts(tmp_path)["f"] == "theirs"
    done(keep_theirs(str(path)))
    write(path, "by hand")
    interrupted(keep_theirs(str(path)))
    assert {"by hand", "theirs"} <= set(texts(tmp_path).values())
    done(keep_theirs(str(path)))
    write(path, "ours")
    interrupted(put_back(str(path)))
    assert {"by hand", "theirs"} <= set(texts(tmp_path).values())
    if f"f{BEFORE}" in texts(tmp_path):  # else it stands there again
        done(put_back(str(path)))
        assert not (tmp_path / "f.runbook-old").exists()
    assert texts(tmp_path) == {"f": "theirs", f"f{ASIDE}": "by hand"}
    assert set(ended) == ({-9} if steps == 1 else {0} if steps == STEPS - 1 else set(ended))


SYSTEMCTL = """\
#!/bin/sh
echo "$@" >>"$CALLS"
case $1 in is-active) echo "$ACTIVE";; is-enabled) echo "$ENABLED";; start) exit "${START:-0}";; esac
"""


@pytest.fixture
def systemctl(tmp_path: Path) -> dict[str, str]:
    """The environment with a systemctl that writes down how it is called."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "systemctl").write_text(SYSTEMCTL)
    (folder / "systemctl").chmod(0o755)
    return {"PATH": f"{folder}:{os.environ['PATH']}", "CALLS": str(tmp_path / "calls")}


@pytest.mark.parametrize(
    ("active", "enabled", "calls"),
    [
        ("active", "enabled", ["enable k.service", "start k.service"]),
        ("activating", "disabled", ["start k.service"]),
        ("inactive", "enabled", ["enable k.service"]),
        ("failed", "static", []),
        ("inactive", "", []),  # CentOS 7 says nothing of a unit that is not there
    ],
)
def test_a_unit_is_as_it_was_before_us(
    active: str, enabled: str, calls: list[str], systemctl: dict[str, str], tmp_path: Path
) -> None:
    done(note_unit("k.service"), **systemctl, ACTIVE=active, ENABLED=enabled)
    done(note_unit("k.service"), **systemctl, ACTIVE="active", ENABLED="enabled")  # by us, meanwhile
    (tmp_path / "calls").write_text("")
    done(restore_unit("k.service"), **systemctl)
    assert (tmp_path / "calls").read_text().splitlines() == calls
    assert not Path(unit_record("k.service")).exists()


@pytest.mark.parametrize("said", ["", "Failed to connect to bus"])
def test_of_a_unit_that_systemctl_says_nothing_of_nothing_is_noted(said: str, systemctl: dict[str, str]) -> None:
    refused = run(note_unit("k.service"), **systemctl, ACTIVE=said, ENABLED=said)
    assert (refused.returncode, refused.stderr) == (1, "systemctl does not say whether k.service runs\n")
    done(note_unit("k.service"), **systemctl, ACTIVE="active", ENABLED="enabled")
    assert Path(unit_record("k.service")).read_text() == "active\nenabled\n"


def test_a_note_that_could_not_be_written_is_none(systemctl: dict[str, str], state: Path) -> None:
    Path(unit_record("k.service")).parent.mkdir(parents=True)
    full = Path(f"{unit_record('k.service')}.part")
    full.symlink_to("/dev/full")
    failed = run(note_unit("k.service"), **systemctl, ACTIVE="active", ENABLED="enabled")
    assert failed.returncode != 0
    assert not Path(unit_record("k.service")).exists()


def test_a_unit_that_does_not_start_again_is_not_forgotten(systemctl: dict[str, str]) -> None:
    done(note_unit("k.service"), **systemctl, ACTIVE="active", ENABLED="disabled")
    assert run(restore_unit("k.service"), **systemctl, START="1").returncode == 1
    assert Path(unit_record("k.service")).exists()
