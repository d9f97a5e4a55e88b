"""What the linter's rules look at, and what they find. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from runbook_lib.keepalived_conf.lines import Place
from runbook_lib.keepalived_conf.model import Configuration, Instance


class Level(StrEnum):
    """ERROR: the pair can't work. WARN: it works, but not as its author will expect."""

    ERROR = "ERROR"
    WARN = "WARN"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong."""

    level: Level
    rule: str
    text: str
    cure: str
    places: tuple[Place, ...]
    """Where: the first is the one to look at; a finding about both nodes has one in each file."""


@dataclass(frozen=True)
class NodeConfiguration:
    """A node's file, read."""

    name: str
    address: str
    """On the segment; empty: not known, the file alone is at hand."""
    configuration: Configuration


@dataclass(frozen=True)
class Side:
    """A node, and one of its instances."""

    node: NodeConfiguration
    instance: Instance

    @property
    def name(self) -> str:
        """The node's."""
        return self.node.name

    @property
    def address(self) -> str:
        """Where its advertisements come from; empty: not known."""
        return self.instance.source or self.node.address

    def place(self, keyword: str) -> Place:
        """Where its instance says `keyword`; where it doesn't, the instance."""
        return self.instance.statement.place_of(keyword)


def error(rule: str, text: str, cure: str, *places: Place) -> Finding:
    """A finding that keeps the pair from working."""
    return Finding(Level.ERROR, rule, text, cure, places)


def warning(rule: str, text: str, cure: str, *places: Place) -> Finding:
    """A finding that its author will not expect."""
    return Finding(Level.WARN, rule, text, cure, places)
