"""Start, find and take down a lab, as its user: what needs root goes through `privileged`."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from runbook_lib import signals
from runbook_lib.errors import LabError
from runbook_lib.lab.build_progress import Progress
from runbook_lib.lab.client import Lab, LabNotRunningError, connect, is_running
from runbook_lib.lab.folder import LabFolder
from runbook_lib.lab.image import image_is_cached
from runbook_lib.lab.nacos_jars import ensure_jars
from runbook_lib.lab.packages import ensure_packages
from runbook_lib.lab.protocol import LabStatus
from runbook_lib.lab.recipe import recipe
from runbook_lib.lab.root import as_root, require_root
from runbook_lib.lab.topology import DEFAULT_NAME, NAMES, name_option


def _to_stderr(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def find(name: str = DEFAULT_NAME) -> Lab:
    """The running lab of that name. LabError when it is not up."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
        connect(connection, LabFolder(name))
    return Lab(name)


def status(name: str = DEFAULT_NAME) -> LabStatus:
    """The lab's state; one that is not running is `down`, without machines."""
    try:
        return find(name).status()
    except LabNotRunningError:
        return LabStatus(name, "down")


def up(
    name: str = DEFAULT_NAME,
    *,
    release: str = "bookworm",
    nacos_archive: Path | None = None,
    with_nacos: bool = True,
    progress: Progress = _to_stderr,
) -> Lab:
    """The lab, started unless it runs; returns when every machine answers SSH, powered on and plugged in.

    The first start on a machine builds the image (about a minute). Raises LabError when the lab can't run here, and
    when it runs already with another release, recipe or without what was asked for.
    """
    folder = LabFolder(name)
    if not is_running(folder):
        require_root()
        ensure_packages(progress)
        jars = _ingredients(release, nacos_archive, with_nacos, progress)
        if not _privileged(["up", "--name", name, "--release", release, *jars], progress):
            background = "; Nacos goes on starting, about 25 s" if with_nacos else ""
            with signals.unheard():  # it is up: a reader that is gone changes nothing
                progress(f"lab {name}: every machine answers SSH{background}")
            return Lab(name)
    _refuse_other(folder, release, with_nacos)
    progress(f"lab {name}: runs already")
    return _recovered(Lab(name), progress)


def down(name: str = DEFAULT_NAME, *, progress: Progress = _to_stderr) -> bool:
    """Remove the lab and all that belongs to it; True when something was there."""
    folder = LabFolder(name)
    if not folder.path.exists() and not folder.lock.exists():
        return False
    return _privileged(["down", "--name", name, *(["--any-owner"] if os.geteuid() == 0 else [])], progress)


def _ingredients(release: str, nacos_archive: Path | None, with_nacos: bool, progress: Progress) -> list[str]:
    """Image and jars, made where they are missing, both at once: the one takes a core, the other the network."""
    with ThreadPoolExecutor(1) as pool:
        jars = pool.submit(ensure_jars, nacos_archive, progress) if with_nacos else None
        _build_image(release, progress)  # here, where an interrupt comes: its process must hear of it
        return ["--jars", str(jars.result())] if jars else []


def _build_image(release: str, progress: Progress) -> None:
    if not image_is_cached(release):
        _privileged(["image", "--release", release], progress)


def _refuse_other(folder: LabFolder, release: str, with_nacos: bool) -> None:
    """LabError when the running lab was made from something else than what is asked for now."""
    record = folder.read_record()
    wanted = recipe(release).name
    if record is None:
        return
    differs = ""
    if Path(record.image).name != wanted:
        differs = f"from image {Path(record.image).name}, not {wanted}"
    elif with_nacos and record.layer is None:
        differs = "without Nacos"
    if differs:
        cure = f"Take it down first: runbook lab down{name_option(folder.name)}"
        raise LabError(f"Lab {folder.name!r} runs already, {differs}.", cure)


def _recovered(lab: Lab, progress: Progress) -> Lab:
    """Every machine on, its cable in, SSH answering."""
    before = lab.status().machines
    for name in NAMES:
        lab.plug(name)
        lab.power_on(name)
    for name in NAMES:
        if before[name].state != "running":
            progress(f"lab {lab.name}: {name} was {before[name].state}, waiting for its SSH")
        lab.wait_ssh(name, within_s=60)
    return lab


def _privileged(arguments: list[str], progress: Progress) -> bool:
    """Run the privileged part, as root; its verdict (see `privileged`). Raises the LabError that it reports."""
    require_root()
    # -B: else root's compiled modules lie in the user's clone.
    argv = as_root(sys.executable, "-B", "-P", "-m", "runbook_lib.lab.privileged", *arguments)
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
        try:
            if (done := _follow(process, progress)) is not None:
                return done
        except KeyboardInterrupt:
            _interrupt(process, progress)
            raise
    raise LabError(
        f"The lab's privileged part ended with status {process.returncode}.", "Its own message stands above."
    )


def _follow(process: subprocess.Popen[str], progress: Progress) -> bool | None:
    """Its verdict; None when it ended without one. Raises the LabError that it reports."""
    assert process.stdout is not None
    for line in process.stdout:
        kind, *values = json.loads(line)
        if kind == "progress":
            progress(values[0])
        elif kind == "error":
            raise LabError(*values)
        else:
            return bool(values[0])
    return None


def _interrupt(process: subprocess.Popen[str], progress: Progress) -> None:
    """Have it take back what it has begun, and wait for that: a signal may have been meant for us alone."""
    progress("interrupted: waiting until nothing is half-done")
    with suppress(OSError):  # it has ended; or it runs through sudo, which a Ctrl-C reaches by itself
        process.terminate()
    process.wait()
