"""Kernels of the runner: started ahead, on sockets that only this user can open. The only door to jupyter_client."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import run_sync

from runbook_lib.errors import NotebookError

KERNEL = "python3"
FOLDER = "runbook-kernel-"
"""The process id of the runner follows in its name."""
LONGEST_SOCKET = 90
"""Bytes of a socket's path: the kernel's limit is 107 (unix(7)), and jupyter_client adds `-N`."""


class _Manager(AsyncKernelManager):
    """Remembers the client that nbclient makes of it, so that its channels can be closed."""

    made: Any = None

    def client(self, **options: Any) -> Any:
        self.made = super().client(**options)
        return self.made


class Kernel:
    """One kernel. It boots by itself after the start; whoever runs a notebook in it waits until it answers."""

    def __init__(self, environment: Mapping[str, str], *, warm_up: Sequence[str] = (), cwd: Path | None = None) -> None:
        """Start it; `warm_up` names modules that it imports while nobody waits for it. Raises NotebookError."""
        self._folder = Path(tempfile.mkdtemp(prefix=f"{FOLDER}{os.getpid()}-", dir=_socket_parent()))  # 0700
        self.manager = _Manager(kernel_name=KERNEL, connection_file=str(self._folder / "connection.json"))
        # TCP on loopback is signed, but every local user can read it.
        self.manager.transport = "ipc"
        self.manager.ip = str(self._folder / "k")
        lines = [f"__import__({module!r})" for module in warm_up]
        arguments = ["--HistoryManager.hist_file=:memory:", f"--IPKernelApp.exec_lines={lines!r}"]
        with self._log.open("wb") as log:
            try:
                run_sync(self.manager.start_kernel)(
                    extra_arguments=arguments,
                    env={**os.environ, **environment},
                    cwd=cwd and str(cwd),
                    stdout=log,
                    stderr=log,
                )
            except BaseException as error:
                self.close()
                if not isinstance(error, OSError | RuntimeError | ImportError):
                    raise
                raise NotebookError(
                    f"No Jupyter kernel could be started: {error}.", "Install the dependencies again: make lab"
                ) from error

    @property
    def _log(self) -> Path:
        return self._folder / "kernel.log"

    def last_words(self) -> str:
        """The end of what the kernel itself wrote, for a kernel that died; empty when it wrote nothing."""
        with contextlib.suppress(OSError):
            return " | ".join(self._log.read_text(errors="replace").split("\n")[-4:]).strip(" |")
        return ""

    def interrupt(self) -> None:
        """KeyboardInterrupt in the running cell. From any thread that runs no event loop."""
        self._signal(signal.SIGINT)

    def kill(self) -> None:
        """End it at once."""
        self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        provisioner = self.manager.provisioner
        with contextlib.suppress(OSError, RuntimeError):
            if provisioner is not None and provisioner.has_process:
                asyncio.run(provisioner.send_signal(number))

    def close(self) -> None:
        """End it, close its channels, remove its folder."""
        with contextlib.suppress(OSError, RuntimeError):
            run_sync(self.manager.shutdown_kernel)(now=True)
        if self.manager.made is not None:
            self.manager.made.stop_channels()
        shutil.rmtree(self._folder, ignore_errors=True)


def remove_orphans() -> None:
    """Remove the folders that runners left which were killed: their process lives no more."""
    for folder in Path(_socket_parent() or tempfile.gettempdir()).glob(f"{FOLDER}*-*"):
        pid = folder.name.removeprefix(FOLDER).partition("-")[0]
        if pid.isdigit() and _is_ours(folder) and not _lives(int(pid)):
            shutil.rmtree(folder, ignore_errors=True)


def _is_ours(folder: Path) -> bool:
    """Whether this user made it: in a shared temporary folder anybody may leave a name like that, or a link."""
    try:
        return folder.lstat().st_uid == os.getuid()
    except FileNotFoundError:  # another runner has just removed it
        return False


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # somebody else's
        return True
    return True


def _socket_parent() -> str | None:
    """Where the private folder goes: the temporary folder, unless its name is too long for a socket."""
    return "/tmp" if len(tempfile.gettempdir()) > LONGEST_SOCKET - 30 else None
