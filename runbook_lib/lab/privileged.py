"""The one entry to what needs root: `python -m runbook_lib.lab.privileged image|up|down …`

`lifecycle` runs it, through sudo where the caller is not root. It takes nothing of the caller's but its arguments and
SUDO_UID, and prints one JSON array a line: ["progress", text], ["done", was it there], ["error", what, todo].
"""

from __future__ import annotations

import argparse
import json
import os
import signal
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from runbook_lib.errors import INTERRUPTED, LabError
from runbook_lib.lab import cgroups, syscalls
from runbook_lib.lab.clean import clean, remove_empty_folders
from runbook_lib.lab.folder import LabFolder
from runbook_lib.lab.image import ensure_image, image_is_cached
from runbook_lib.lab.lock import locked
from runbook_lib.lab.preflight import preflight
from runbook_lib.lab.start import start
from runbook_lib.lab.topology import DEFAULT_NAME

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main(argv: Sequence[str] | None = None) -> int:
    """Do one action; the exit status is 0, or 2 when an error was printed."""
    os.umask(0o022)  # what is made here must be readable by the lab, whatever the caller keeps to itself
    chosen = _parser().parse_args(argv)
    try:
        catch_signals()
        _enter_own_mounts()
        return _do(chosen)
    except (KeyboardInterrupt, BrokenPipeError):  # the latter: whoever asked is gone
        return INTERRUPTED
    finally:
        remove_empty_folders()


def catch_signals() -> None:
    """Have the first of SIGNALS raise KeyboardInterrupt: begin to take back what was begun.

    Later ones do nothing: a Ctrl-C reaches us twice, from the terminal and from our caller. What the caller had
    ignored (`nohup`) stays so.
    """
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupted)


def _interrupted(number: int, frame: FrameType | None) -> None:
    _ignore_signals()
    raise KeyboardInterrupt


def _ignore_signals() -> None:
    for number in SIGNALS:
        signal.signal(number, _ignored)


def _ignored(number: int, frame: FrameType | None) -> None:
    """In place of SIG_IGN, for which Python prints a traceback when the other signal has arrived already."""


def _do(chosen: argparse.Namespace) -> int:
    try:
        _say("done", _image(chosen.release) if chosen.action == "image" else _lab(chosen))
    except LabError as error:
        _say("error", error.what, error.todo)
        return error.exit_status
    return 0


def _image(release: str) -> bool:
    """Build the image, unless it is there; whether it was."""
    cached = image_is_cached(release)
    preflight(image_cached=cached)
    ensure_image(release, _progress)
    return cached


def _lab(chosen: argparse.Namespace) -> bool:
    """Start the lab or take it down; whether it was there."""
    folder = LabFolder(chosen.name)
    waiting = f"lab {folder.name}: it is being started or taken down elsewhere, waiting"
    with locked(folder.lock, lambda: _progress(waiting)):
        _refuse_strangers(folder, chosen.any_owner)
        if chosen.action == "down":
            _ignore_signals()  # half a lab is of use to nobody
            return clean(folder)
        return start(folder, _caller(), chosen.release, chosen.jars, _progress)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="runbook_lib.lab.privileged", description="What of the lab needs root.")
    parser.add_argument("action", choices=("image", "up", "down"))
    parser.add_argument("--name", default=DEFAULT_NAME)
    parser.add_argument("--release", default="bookworm")
    parser.add_argument("--jars", type=Path, help="start Nacos on node128 from these jars")
    parser.add_argument("--any-owner", action="store_true", help="also another user's lab")
    return parser


def _say(*message: object) -> None:
    os.write(1, f"{json.dumps(message)}\n".encode())


def _progress(text: str) -> None:
    _say("progress", text)


def _enter_own_mounts() -> None:
    """See control groups as the supervisor does, without a change to the host's mounts."""
    syscalls.unshare(syscalls.CLONE_NEWNS)
    syscalls.mount("none", Path("/"), "", flags=syscalls.MS_REC | syscalls.MS_PRIVATE)
    cgroups.mount_privately()


def _caller() -> int:
    """The user id of whoever asked, before sudo."""
    return int(os.environ.get("SUDO_UID", os.getuid()))


def _refuse_strangers(folder: LabFolder, any_owner: bool) -> None:
    record = folder.read_record()
    if record is None or any_owner or record.owner == _caller():
        return
    raise LabError(
        f"Lab {folder.name!r} belongs to another user (id {record.owner}).", "Give yours another name with --name."
    )


if __name__ == "__main__":
    raise SystemExit(main())
