"""What a keepalived.conf says about who holds the VIP. Pure; what is left out stands in keepalived.conf(5)."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_lib.keepalived_conf.lines import Include
from runbook_lib.keepalived_conf.model import OWNER_PRIORITY, USUAL_ADVERTS, Configuration, Instance, Script, Tracked
from runbook_lib.keepalived_conf.numbers import RANGES, TRACKED_WEIGHT
from runbook_lib.keepalived_conf.statements import Statement, parse_statements

DEFAULT_PRIORITY = 100
DEFAULT_ADVERT_INT_S = 1.0
DEFAULT_SCRIPT_INTERVAL_S = 1.0
TRACKING = ("track_script", "track_interface", "track_file", "track_process", "track_bfd")
GROUP_WEIGHTS = ("sync_group_tracking_weight", "global_tracking")
"""What lets weights count in a sync group."""


def parse_configuration(
    text: str, file: str = "keepalived.conf", host: str = "", include: Include | None = None
) -> Configuration:
    """What a keepalived.conf says on `host`, as much as can be read. Pure.

    A number that keepalived ignores is its default, or 0 where there is none. Without `include` the files that it
    includes are left out.
    """
    tree = parse_statements(text, file, host, include)
    top = tree.top
    defaults = Statement(("global_defs",), top.place, top.inside("global_defs"))
    scripts = tuple(_script(block) for block in top.all("vrrp_script"))
    return Configuration(
        instances=tuple(_instance(block, defaults, scripts, _groups(top)) for block in top.all("vrrp_instance")),
        scripts=scripts,
        defaults=defaults,
        top=top,
        problems=tree.problems,
    )


def group_members(group: Statement) -> tuple[str, ...]:
    """The names in a sync group, several on a line or one."""
    return tuple(word for member in group.inside("group") for word in member.words)


def _groups(top: Statement) -> dict[str, Statement]:
    return {name: group for group in top.all("vrrp_sync_group") for name in group_members(group)}


def _script(block: Statement) -> Script:
    interval_s = _number(block, "interval", DEFAULT_SCRIPT_INTERVAL_S)
    said = block.last("script")
    return Script(
        name=block.name,
        path=" ".join(said.words[1:]).strip("'") if said else "",
        interval_s=interval_s,
        timeout_s=_number(block, "timeout", interval_s),
        weight=int(_number(block, "weight")),
        fall=int(_number(block, "fall", 1)),
        statement=block,
    )


def _instance(
    block: Statement, defaults: Statement, scripts: tuple[Script, ...], groups: dict[str, Statement]
) -> Instance:
    group = groups.get(block.name)
    auth = block.last("authentication")
    vips = _first_words(block, "virtual_ipaddress")
    priority, state = _priority_and_state(block)
    tracked = tuple(_tracked(block, scripts))
    ipv6 = any(":" in vip for vip in vips)
    return Instance(
        name=block.name,
        state=state,
        interface=block.value("interface"),
        router_id=int(_number(block, "virtual_router_id")),
        version=int(_number(block, "version")) or (3 if ipv6 else int(_number(defaults, "vrrp_version"))) or 2,
        priority=priority,
        advert_int_s=_number(block, "advert_int", DEFAULT_ADVERT_INT_S),
        auth=(auth.value("auth_type"), auth.value("auth_pass")) if auth else None,
        vips=vips,
        excluded_vips=_first_words(block, "virtual_ipaddress_excluded"),
        nopreempt=block.has("nopreempt"),
        preempt_delay_s=_number(block, "preempt_delay"),
        down_timer_adverts=_down_timer_adverts(block, defaults),
        strict=block.has("strict_mode") if block.all("strict_mode") else defaults.has("vrrp_strict"),
        tracked=tuple(t for t in tracked if t.kind == "track_script"),
        tracked_others=tuple(t for t in tracked if t.kind != "track_script"),
        source=block.value("unicast_src_ip", block.value("mcast_src_ip")),
        unicast_peers=_first_words(block, "unicast_peer"),
        sync_group=group.name if group else "",
        group_weights=group is None or any(group.has(word) for word in GROUP_WEIGHTS),
        statement=block,
    )


def _priority_and_state(block: Statement) -> tuple[int, str]:
    """As keepalived completes them: a MASTER without a priority is the address owner, and an owner a MASTER."""
    said = block.value("state")
    state = said if said in ("MASTER", "BACKUP") else ""
    missing = OWNER_PRIORITY if state == "MASTER" and not block.value("priority") else DEFAULT_PRIORITY
    priority = int(_number(block, "priority", missing))
    return priority, state or ("MASTER" if priority == OWNER_PRIORITY else "BACKUP")


def _down_timer_adverts(block: Statement, defaults: Statement) -> int:
    usual = _number(defaults, "vrrp_down_timer_adverts", USUAL_ADVERTS)
    return int(_number(block, "down_timer_adverts", usual))


def _first_words(block: Statement, keyword: str) -> tuple[str, ...]:
    return tuple(inner.keyword for inner in block.inside(keyword))


def _tracked(block: Statement, scripts: tuple[Script, ...]) -> Iterator[Tracked]:
    own = {script.name: script.weight for script in scripts}
    for kind in TRACKING:
        for said in block.inside(kind):
            default = own.get(said.keyword, 0) if kind == "track_script" else 0
            missing = kind == "track_script" and said.keyword not in own  # keepalived doesn't track it then
            yield Tracked(said.keyword, 0 if missing else _weight_beside(said, default), kind, said)


def _weight_beside(said: Statement, default: int) -> int:
    if "weight" not in said.words[:-1]:
        return default
    word = said.words[said.words.index("weight") + 1]
    return int(word) if TRACKED_WEIGHT.takes(word) else default


def _number(block: Statement, keyword: str, default: float = 0.0) -> float:
    """The number after `keyword`, where keepalived takes it."""
    word = block.value(keyword)
    return float(word) if RANGES[block.keyword][keyword].takes(word) else default
