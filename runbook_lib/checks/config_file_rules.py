"""Rules about one file as a whole: names, groups, scripts, VRIDs. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from runbook_lib.checks.config_findings import Finding, NodeConfiguration, error, warning
from runbook_lib.keepalived_conf.lines import Place
from runbook_lib.keepalived_conf.model import Configuration, Instance
from runbook_lib.keepalived_conf.parser import group_members
from runbook_lib.keepalived_conf.statements import Statement


def duplicates(node: NodeConfiguration) -> Iterator[Finding]:
    """Names that two blocks have; virtual router ids that two instances have on one interface."""
    for kind in ("vrrp_instance", "vrrp_script", "vrrp_sync_group"):
        blocks = node.configuration.top.all(kind)
        for second in _again([block.name for block in blocks]):
            text = f"{node.name}: {kind} {blocks[second].name} is defined twice"
            yield error("duplicate-name", text, "Name each once.", blocks[second].place)
    instances = node.configuration.instances
    for second in _again([_group(instance) for instance in instances]):
        found = instances[second]
        if found.router_id:
            text = f"{node.name}: virtual_router_id {found.router_id} is used twice on {found.interface}"
            place = found.statement.place_of("virtual_router_id")
            yield error("duplicate-vrid", text, "Give each instance on an interface an id of its own.", place)


def _group(instance: Instance) -> tuple[str, int, bool]:
    """What tells VRRP groups apart: the interface, the id, IPv4 or IPv6."""
    return instance.interface, instance.router_id, any(":" in vip for vip in instance.vips)


def _again(values: list[str] | list[tuple[str, int, bool]]) -> list[int]:
    """The positions of values that stood there before."""
    return [i for i, value in enumerate(values) if value in values[:i]]


def scripts(node: NodeConfiguration) -> Iterator[Finding]:
    """Scripts without a command, that nobody tracks, that overlap with themselves; no script security."""
    found = node.configuration
    tracked = _tracked_scripts(found)
    for script in found.scripts:
        at = script.statement
        if not script.path:
            text = f"{node.name}: vrrp_script {script.name} runs nothing"
            yield error("script-empty", text, 'Give it a script "/path": keepalived drops it.', at.place)
        if script.name not in tracked:
            text = f"{node.name}: no instance tracks vrrp_script {script.name}: it decides nothing"
            yield warning("script-untracked", text, f"Name it in track_script {{ {script.name} }}.", at.place)
        if script.timeout_s > script.interval_s:
            text = (
                f"{node.name}: a run of {script.name} may take {script.timeout_s:g} s, "
                f"and the next is due after {script.interval_s:g} s: runs overlap"
            )
            yield warning("script-timeout", text, "Let timeout be the interval or less.", at.place_of("timeout"))
    if found.scripts and tracked and not found.script_security:
        text = f"{node.name}: scripts run as root without script security"
        place = found.scripts[0].statement.place
        yield warning("script-security", text, "Say enable_script_security and script_user root.", place)


def _tracked_scripts(found: Configuration) -> Counter[str]:
    blocks = found.top.all("vrrp_instance") + found.top.all("vrrp_sync_group")
    return Counter(said.keyword for block in blocks for said in block.inside("track_script"))


def undefined(node: NodeConfiguration) -> Iterator[Finding]:
    """What is tracked, and defined nowhere."""
    top = node.configuration.top
    for kind, blocks in (
        ("track_script", ("vrrp_script",)),
        ("track_file", ("track_file", "vrrp_track_file")),
        ("track_process", ("vrrp_track_process",)),
    ):
        known = {block.name for name in blocks for block in top.all(name)}
        for by in top.all("vrrp_instance") + top.all("vrrp_sync_group"):
            for said in by.inside(kind):
                if said.keyword not in known:
                    text = f"{node.name}: tracks {said.keyword}, which no {blocks[0]} defines"
                    yield error("undefined-script", text, "Define it, or don't track it.", said.place)


def sync_groups(node: NodeConfiguration) -> Iterator[Finding]:
    """Members that are no instance, groups of one, weights that a group ignores."""
    found = node.configuration
    names = {instance.name for instance in found.instances}
    for group in found.top.all("vrrp_sync_group"):
        members = group_members(group)
        for unknown in (name for name in members if name not in names):
            text = f"{node.name}: sync group {group.name} names {unknown}, which is no vrrp_instance"
            yield error("sync-member", text, "Name instances of this file.", _member_place(group, unknown))
        if len(members) < 2:
            text = f"{node.name}: sync group {group.name} has {len(members)} member: there is nothing to keep in step"
            yield warning("sync-size", text, "Name all instances that move together.", group.place)
    for instance in found.instances:
        for tracked in instance.tracked + instance.tracked_others:
            if tracked.weight and not instance.group_weights:
                text = f"{node.name}: a weight is ignored in a sync group ({instance.sync_group})"
                place = tracked.statement.place if tracked.statement else instance.statement.place
                yield warning("sync-weight", text, "Leave the weight out.", place)


def _member_place(group: Statement, name: str) -> Place:
    return next(said.place for said in group.inside("group") if name in said.words)


FILE_RULES = (duplicates, undefined, scripts, sync_groups)
