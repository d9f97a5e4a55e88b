"""The embedded lab: whole Linux machines on a segment of their own. Nothing outside this room imports its internals."""

from runbook_lib.lab.client import Lab
from runbook_lib.lab.lifecycle import down, find, status, up
from runbook_lib.lab.protocol import LabStatus, MachineStatus

__all__ = ["Lab", "LabStatus", "MachineStatus", "down", "find", "status", "up"]
