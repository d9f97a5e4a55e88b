"""Events with a schema: hosts write the journal, evidence reads it."""

from runbook_lib.journal.events import (
    ChangeMade,
    CheckJudged,
    CommandRan,
    Event,
    FaultApplied,
    FaultRecorded,
    FaultUndone,
    FileSent,
    KeepalivedFound,
    NotebookFinished,
    Noted,
    shorten,
)
from runbook_lib.journal.journal import Journal, JournalError, Record, read_journal

__all__ = [
    "ChangeMade",
    "CheckJudged",
    "CommandRan",
    "Event",
    "FaultApplied",
    "FaultRecorded",
    "FaultUndone",
    "FileSent",
    "Journal",
    "JournalError",
    "KeepalivedFound",
    "NotebookFinished",
    "Noted",
    "Record",
    "read_journal",
    "shorten",
]
