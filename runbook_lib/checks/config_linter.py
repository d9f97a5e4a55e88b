"""Look at both nodes' configurations at once: what `keepalived -t` can't see, as it knows one file only. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from runbook_lib.chapter.keepalived_conf import Configuration, Instance
from runbook_lib.checks.config_rules import NODE_RULES, PAIR_RULES, Finding, Level, Side, restart_gap


@dataclass(frozen=True)
class NodeConfiguration:
    """A node's file, read."""

    name: str
    address: str
    """On the segment."""
    configuration: Configuration

    @property
    def instance(self) -> Instance | None:
        """Its VRRP instance; the linter looks at the first."""
        return next(iter(self.configuration.instances), None)


def lint(first: NodeConfiguration, second: NodeConfiguration, restart_s: float) -> tuple[Finding, ...]:
    """Everything that is wrong with the pair, errors first; empty: nothing.

    `restart_s`: after how many seconds systemd starts OpenResty again.
    """
    if missing := [node.name for node in (first, second) if node.instance is None]:
        text = f"{' and '.join(missing)}: no vrrp_instance"
        return (Finding(Level.ERROR, "instance", text, "Notebook 05 writes the configuration."),)
    sides = [_side(node, node.instance) for node in (first, second) if node.instance is not None]
    high, low = sorted(sides, key=lambda side: side.instance.priority, reverse=True)
    found = [finding for rule in PAIR_RULES for finding in rule(high, low)]
    found += [finding for side in (high, low) for rule in NODE_RULES for finding in rule(side)]
    found += [finding for side in (high, low) for finding in restart_gap(side, restart_s)]
    return tuple(sorted(found, key=lambda finding: finding.level is not Level.ERROR))


def _side(node: NodeConfiguration, instance: Instance) -> Side:
    configuration = node.configuration
    return Side(node.name, node.address, instance, configuration.scripts, configuration.script_security)
