from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from runbook_lib.errors import LabError
from runbook_lib.lab import image
from runbook_lib.lab.image import ensure_image, mmdebstrap_command
from runbook_lib.lab.recipe import Recipe, recipe

NAME = recipe("bookworm").name
BUILDS = 'mkdir "$0" && echo built >> "$0.count" && cp "$0.count" "$0/made"'

Fake = Callable[[str], None]


@pytest.fixture
def builder(monkeypatch: pytest.MonkeyPatch) -> Fake:
    """Put a shell script in mmdebstrap's place; it gets the folder to make as $0."""

    def fake(script: str) -> None:
        def command(_: Recipe, fresh: Path, __: tuple[str, ...]) -> tuple[str, ...]:
            return ("sh", "-c", script, str(fresh))

        monkeypatch.setattr(image, "mmdebstrap_command", command)

    monkeypatch.setattr(image, "debian_sources", lambda release: f"deb {release}\n")
    monkeypatch.setattr(image, "carried_options", tuple)
    return fake


def build(images: Path) -> Path:
    return ensure_image("bookworm", lambda _: None, images=images)


def left(images: Path) -> list[str]:
    return sorted(path.name for path in images.iterdir() if not path.name.endswith(".count"))


def test_an_image_is_built_once(builder: Fake, tmp_path: Path) -> None:
    builder(BUILDS)
    made = build(tmp_path)
    assert made == build(tmp_path) == tmp_path / NAME
    assert (made / "made").read_text() == "built\n"
    assert (made / "etc/hosts").exists()
    assert left(tmp_path) == [NAME]


def test_the_builder_reads_the_machines_own_sources(builder: Fake, tmp_path: Path) -> None:
    builder('mkdir "$0" && cat > "$0/sources"')
    assert (build(tmp_path) / "sources").read_text() == "deb bookworm\n"


def test_a_failed_build_leaves_nothing_and_says_why(builder: Fake, tmp_path: Path) -> None:
    builder('mkdir "$0" && echo "E: no such package" && exit 25')
    with pytest.raises(LabError) as failed:
        build(tmp_path)
    assert str(failed.value) == (
        "The image of bookworm could not be built: mmdebstrap ended with 25: E: no such package. "
        "See that `sudo apt-get update` works on this machine, and try again."
    )
    assert left(tmp_path) == []


def test_what_a_killed_builder_left_is_no_image(builder: Fake, tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.building/half").mkdir(parents=True)
    builder(BUILDS)
    assert not (build(tmp_path) / "half").exists()
    assert left(tmp_path) == [NAME]


def test_an_interrupted_build_is_ended_and_leaves_nothing(builder: Fake, tmp_path: Path) -> None:
    builder('mkdir "$0" && echo "I: started" && exec sleep 600')

    def interrupt(text: str) -> None:
        if text.endswith("started"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ensure_image("bookworm", interrupt, images=tmp_path)
    assert left(tmp_path) == []


def test_a_second_builder_waits_for_the_first_and_takes_its_image(builder: Fake, tmp_path: Path) -> None:
    builder(f'{BUILDS}; while [ ! -e "$0/../go.count" ]; do sleep 0.01; done')
    first = threading.Thread(target=build, args=(tmp_path,))
    first.start()
    while not (tmp_path / f"{NAME}.building").exists():
        time.sleep(0.01)

    def waiting(text: str) -> None:
        assert text == f"image {NAME}: another build of it is running, waiting for that one"
        (tmp_path / "go.count").touch()

    made = ensure_image("bookworm", waiting, images=tmp_path)
    first.join()
    assert (made / "made").read_text() == "built\n"


def test_mmdebstrap_gets_the_packages_and_apts_settings(tmp_path: Path) -> None:
    command = mmdebstrap_command(recipe("trixie"), tmp_path, ('Acquire::http::Proxy "p";',))
    assert command[-3:] == ("trixie", str(tmp_path), "-")
    assert '--aptopt=Acquire::http::Proxy "p";' in command
    assert any("openjdk-21-jre-headless" in word for word in command if word.startswith("--include="))


@pytest.mark.lab
def test_what_a_builder_started_dies_with_it() -> None:
    code = (
        "import subprocess; from runbook_lib.lab.image import PRIVATELY;"
        "subprocess.run([*PRIVATELY, 'sh', '-c', 'echo started; exec sleep 600'])"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as builder_process:
        assert builder_process.stdout is not None
        assert builder_process.stdout.readline() == b"started\n"
        builder_process.send_signal(signal.SIGKILL)
        # The pipe ends when the last process that could write to it has ended.
        assert builder_process.stdout.read() == b""
