"""An operation: what a step does. Its function probes and plans; calling the operation also applies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from runbook_lib.chapter.apply import apply_change
from runbook_lib.chapter.change import Change
from runbook_lib.hosts import OpenSite


@dataclass(frozen=True)
class Done:
    """The changes that an operation made, one a host or more, in the order in which they were made."""

    title: str
    changes: tuple[Change, ...]

    @property
    def count(self) -> int:
        """How many of them did something."""
        return sum(not change.is_none for change in self.changes)


@dataclass(frozen=True)
class Operation:
    """One operation of the chapter: `operation(site)` applies it, `operation.plan(site)` only says what it would do."""

    notebook: str
    """The notebook that runs it: `05`."""
    title: str
    plan: Callable[[OpenSite], tuple[Change, ...]]
    """Probe the hosts and plan, in the order of application: touches none.

    Archive and jar are fetched into this machine's cache.
    """

    def __call__(self, site: OpenSite) -> Done:
        """Plan, then apply change by change; each is journalled. Raises HostError at the first that fails."""
        changes = self.plan(site)
        for change in changes:
            apply_change(site, change)
        return Done(self.title, changes)


def operation(notebook: str, title: str) -> Callable[[Callable[[OpenSite], tuple[Change, ...]]], Operation]:
    """Make an Operation of a function that probes and plans."""

    def make(plan: Callable[[OpenSite], tuple[Change, ...]]) -> Operation:
        return Operation(notebook, title, plan)

    return make
