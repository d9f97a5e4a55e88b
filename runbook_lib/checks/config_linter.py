"""Look at both nodes' configurations at once: what `keepalived -t` says of each, and what it can't see. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_lib.checks.config_file_rules import FILE_RULES
from runbook_lib.checks.config_findings import Finding, Level, NodeConfiguration, Side, error
from runbook_lib.checks.config_instance_rules import INSTANCE_RULES, restart_gap
from runbook_lib.checks.config_pair_rules import PAIR_RULES
from runbook_lib.checks.config_word_rules import VALUE, unread, words
from runbook_lib.keepalived_conf.model import Instance


def lint(first: NodeConfiguration, second: NodeConfiguration, restart_s: float | None = None) -> tuple[Finding, ...]:
    """Everything that is wrong with the pair, errors first; empty: nothing.

    `restart_s`: after how many seconds systemd starts OpenResty again; None: not known.
    """
    nodes = (first, second)
    found = [finding for node in nodes for finding in (*unread(node), *words(node))]
    found += _no_instance(nodes)
    for pair in instance_pairs(first, second):
        high, low = sorted(pair, key=lambda side: side.instance.priority, reverse=True)
        found += [finding for rule in PAIR_RULES for finding in rule(high, low)]
    found += _alone(first, second)
    sides = [Side(node, instance) for node in nodes for instance in node.configuration.instances]
    sides.sort(key=lambda side: side.instance.priority, reverse=True)
    found += [finding for side in sides for rule in INSTANCE_RULES for finding in rule(side)]
    found += [finding for node in nodes for rule in FILE_RULES for finding in rule(node)]
    found += [finding for side in sides for finding in restart_gap(side, restart_s)]
    return tuple(sorted(_first_causes(found), key=lambda finding: finding.level is not Level.ERROR))


def _first_causes(found: list[Finding]) -> Iterator[Finding]:
    """Without what other rules make of a value that keepalived ignores: it isn't the one that counts."""
    ignored = {place for finding in found if finding.rule == VALUE for place in finding.places}
    return (finding for finding in found if finding.rule == VALUE or ignored.isdisjoint(finding.places))


def instance_pairs(first: NodeConfiguration, second: NodeConfiguration) -> tuple[tuple[Side, Side], ...]:
    """The instances that belong together: those of one name, then of one VRID, then the two that are left."""
    left = list(second.configuration.instances)
    alone = list(first.configuration.instances)
    found: list[tuple[Instance, Instance]] = []
    for key in ("name", "router_id"):
        for here in list(alone):
            if there := next((i for i in left if getattr(i, key) == getattr(here, key)), None):
                found.append((here, there))
                alone.remove(here)
                left.remove(there)
    if len(alone) == len(left) == 1:
        found.append((alone[0], left[0]))
    return tuple((Side(first, here), Side(second, there)) for here, there in found)


def _no_instance(nodes: tuple[NodeConfiguration, NodeConfiguration]) -> Iterator[Finding]:
    missing = [node for node in nodes if not node.configuration.instances]
    if missing:
        text = f"{' and '.join(node.name for node in missing)}: no vrrp_instance"
        places = [node.configuration.top.place for node in missing]
        yield error("instance", text, "Without one there is no VIP to move.", *places)


def _alone(first: NodeConfiguration, second: NodeConfiguration) -> Iterator[Finding]:
    """Instances without their like on the other node, where that one has any."""
    paired = {id(side.instance) for pair in instance_pairs(first, second) for side in pair}
    for node, other in ((first, second), (second, first)):
        for instance in node.configuration.instances:
            if id(instance) not in paired and other.configuration.instances:
                text = f"{instance.name} is on {node.name} only: nobody takes its VIP over"
                yield error("instance-alone", text, f"Give {other.name} its like.", instance.statement.place)
