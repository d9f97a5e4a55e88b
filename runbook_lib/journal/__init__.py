"""Events with a schema, secrets, redaction: hosts write the journal, evidence reads it."""

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
from runbook_lib.journal.secret import MASK, Secret, redact

__all__ = [
    "MASK",
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
    "Secret",
    "read_journal",
    "redact",
    "shorten",
]
