"""The error tree. A message has two parts: what happened, and what to do next."""

from __future__ import annotations

from runbook_lib.outward import outward

CANNOT_RUN = 2
CHECK_FAILED = 1
INTERRUPTED = 130


class RunbookError(Exception):
    """What happened (`what`, one sentence) and the next thing to do (`todo`, one sentence)."""

    exit_status = CANNOT_RUN

    def __init__(self, what: str, todo: str = "") -> None:
        super().__init__(what, todo)
        self.what = what
        self.todo = todo

    def __str__(self) -> str:
        return outward(f"{self.what} {self.todo}".strip())

    def _render_traceback_(self) -> list[str]:
        # IPython's hook: a notebook shows one line instead of our call stack.
        return [f"{type(self).__name__}: {self}"]


class ParameterError(RunbookError):
    """A parameter file, a `-p` or a cell's parameter can't be used as it stands."""


class ArtifactError(RunbookError):
    """A source archive or jar is missing, or is not what its SHA-256 says."""


class HostError(RunbookError):
    """A machine, or the pair, did not do what was asked; the text says which."""


class UnreachableError(HostError):
    """No SSH session could be opened: no route, no answer, or credentials refused."""


class HostKeyError(UnreachableError):
    """The machine's host key is unknown, or another than the pinned one."""


class SessionLostError(UnreachableError):
    """The SSH session ended while a command ran: it may have run to its end, or not."""


class CommandError(HostError):
    """A command ended with an exit status that its caller does not call normal."""


class DiskFullError(HostError):
    """A file system of a machine is full: the message names the folder. What was to be replaced is untouched."""


class CommandTimeoutError(HostError):
    """A command was ended, on the host too, because its time was up."""


class OutputLimitError(HostError):
    """A command returned more than is kept of it, and was ended."""


class TransferError(HostError):
    """A file did not arrive whole; nothing was put in its place."""


class LabError(RunbookError):
    """The embedded lab is down, is another one than asked for, or can't run on this machine."""


class CheckFailedError(RunbookError):
    """A check is FAILED or UNKNOWN: the notebook stops here, and papermill with it."""

    exit_status = CHECK_FAILED


class FaultError(RunbookError):
    """A fault may not come here, another one is active, or it had no effect."""


class NotebookError(RunbookError):
    """A notebook could not be executed to its end for a reason other than a check."""
