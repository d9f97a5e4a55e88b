"""A supervisor's process, started early: it loads while its lab is still being prepared, then is told to go (root)."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runbook_lib.errors import LabError
from runbook_lib.lab.folder import LabFolder

READY = "ready"


class Launch:
    """A supervisor that waits for its word to go."""

    def __init__(self, folder: LabFolder, process: subprocess.Popen[str]) -> None:
        self._folder = folder
        self._process = process

    def go(self) -> None:
        """Let it start the lab that the folder's record describes; returns when every machine answers SSH.

        Raises LabError with what it said, or the last line of its log.
        """
        said, _ = self._process.communicate("go\n")
        if said.strip() != READY:
            raise LabError(*self._why(said.strip()))

    def _why(self, said: str) -> tuple[str, str]:
        what, _, todo = said.partition("\t")
        if what:
            return what, todo
        log = self._folder.log
        last = log.read_text(errors="replace").splitlines()[-1:] if log.exists() else []
        return (
            f"The lab's supervisor ended while starting: {''.join(last) or 'its log is empty'}.",
            "Try again; if it stays so, report this line.",
        )

    def stop(self) -> None:
        """End the process that was launched: returns when that one makes no more. What it had made is `clean`'s."""
        self._process.kill()
        self._process.wait()


@contextmanager
def launching(folder: LabFolder, unit: str) -> Iterator[Launch]:
    """Start the process; one that was not told to go is gone afterwards."""
    # -B: the modules may lie in the clone of an ordinary user.
    argv = [*_scope(unit), sys.executable, "-B", "-P", "-m", "runbook_lib.lab.supervisor", folder.name]
    # A session of its own: a Ctrl-C at the terminal is for us, and we clean up.
    with subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            yield Launch(folder, process)
        finally:
            process.kill()  # it may have no control group yet by which it could be found; ended if all went well


def _scope(unit: str) -> list[str]:
    """Where systemd rules the control groups it must hand one over: a delegated scope, which vanishes when empty."""
    if not Path("/run/systemd/system").is_dir():  # sd_booted(3)
        return []
    return ["systemd-run", "--quiet", "--scope", "-p", "Delegate=yes", f"--unit={unit}"]
