"""Read a keepalived.conf: only what decides who holds the VIP. Pure; what is left out stands in keepalived.conf(5)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

DEFAULT_PRIORITY = 100
DEFAULT_ADVERT_INT_S = 1.0

_WORD = re.compile(r'"[^"]*"|[^\s"]+')
_COMMENT = re.compile(r'("[^"]*")|[#!].*')


@dataclass(frozen=True)
class Block:
    """One line of the file, with the lines inside its braces."""

    words: tuple[str, ...]
    lines: tuple[Block, ...] = ()

    def all(self, keyword: str) -> tuple[Block, ...]:
        """Every line inside that begins with `keyword`."""
        return tuple(line for line in self.lines if line.words[0] == keyword)

    def value(self, keyword: str, default: str = "") -> str:
        """The word after `keyword`; of several such lines the last, as keepalived does."""
        found = self.all(keyword)
        return found[-1].words[1] if found and len(found[-1].words) > 1 else default

    def has(self, keyword: str) -> bool:
        """Whether a line inside begins with `keyword`."""
        return bool(self.all(keyword))


@dataclass(frozen=True)
class Script:
    """A `vrrp_script`: what is run every `interval` seconds, and how often it must fail."""

    name: str
    path: str
    interval_s: float
    weight: int
    fall: int


@dataclass(frozen=True)
class Tracked:
    """A script that an instance tracks, with the weight that counts there."""

    name: str
    weight: int


@dataclass(frozen=True)
class Instance:
    """A `vrrp_instance` as the protocol sees it."""

    name: str
    state: str
    interface: str
    router_id: int
    version: int
    priority: int
    advert_int_s: float
    auth: tuple[str, str] | None
    """Type and password; None: without."""
    vips: tuple[str, ...]
    nopreempt: bool
    strict: bool
    tracked: tuple[Tracked, ...]
    unicast_source: str
    unicast_peers: tuple[str, ...]
    sync_group: str


@dataclass(frozen=True)
class Configuration:
    """One node's file."""

    instances: tuple[Instance, ...]
    scripts: tuple[Script, ...]
    script_security: bool
    includes: tuple[str, ...]
    """Files that it includes: their content is not read here."""


def parse_configuration(text: str) -> Configuration:
    """What a keepalived.conf says; numbers that can't be read are 0, as an error for the linter to name."""
    top = Block((), parse_blocks(text))
    defaults = next(iter(top.all("global_defs")), Block(()))
    scripts = tuple(_script(block) for block in top.all("vrrp_script"))
    groups = {member.words[0]: group.words[1] for group in top.all("vrrp_sync_group") for member in _members(group)}
    return Configuration(
        tuple(_instance(block, defaults, scripts, groups) for block in top.all("vrrp_instance")),
        scripts,
        defaults.has("enable_script_security"),
        tuple(line.words[1] for line in top.all("include") if len(line.words) > 1),
    )


def parse_blocks(text: str) -> tuple[Block, ...]:
    """The file as nested lines, without comments (`#` and `!`, not inside quotes) and quotes. Pure."""
    lines = iter([words for line in text.splitlines() if (words := _words(line))])
    return _read(lines)


def _words(line: str) -> list[str]:
    bare = _COMMENT.sub(lambda found: found[1] or "", line)
    return [word.strip('"') for word in _WORD.findall(bare)]


def _read(lines: Iterator[list[str]]) -> tuple[Block, ...]:
    found: list[Block] = []
    for words in lines:
        if words[0] == "}":
            break
        if words == ["{"] and found:  # the brace may stand on a line of its own
            found[-1] = Block(found[-1].words, _read(lines))
        elif words[-1] == "{" and len(words) > 1:
            found.append(Block(tuple(words[:-1]), _read(lines)))
        else:
            found.append(Block(tuple(words)))
    return tuple(found)


def _members(group: Block) -> tuple[Block, ...]:
    return tuple(member for block in group.all("group") for member in block.lines)


def _script(block: Block) -> Script:
    return Script(
        name=_name(block),
        path=block.value("script"),
        interval_s=_number(block.value("interval", "1")),
        weight=int(_number(block.value("weight", "0"))),
        fall=int(_number(block.value("fall", "1"))),
    )


def _instance(block: Block, defaults: Block, scripts: tuple[Script, ...], groups: dict[str, str]) -> Instance:
    auth = next(iter(block.all("authentication")), None)
    return Instance(
        name=_name(block),
        state=block.value("state", "BACKUP"),
        interface=block.value("interface"),
        router_id=int(_number(block.value("virtual_router_id", "0"))),
        version=int(_number(block.value("version", defaults.value("vrrp_version", "2")))),
        priority=int(_number(block.value("priority", str(DEFAULT_PRIORITY)))),
        advert_int_s=_number(block.value("advert_int", str(DEFAULT_ADVERT_INT_S))),
        auth=(auth.value("auth_type"), auth.value("auth_pass")) if auth else None,
        vips=tuple(line.words[0] for part in block.all("virtual_ipaddress") for line in part.lines),
        nopreempt=block.has("nopreempt"),
        strict=block.has("strict_mode") or defaults.has("vrrp_strict"),
        tracked=tuple(_tracked(line, scripts) for part in block.all("track_script") for line in part.lines),
        unicast_source=block.value("unicast_src_ip"),
        unicast_peers=tuple(line.words[0] for part in block.all("unicast_peer") for line in part.lines),
        sync_group=groups.get(_name(block), ""),
    )


def _tracked(line: Block, scripts: tuple[Script, ...]) -> Tracked:
    own = next((script.weight for script in scripts if script.name == line.words[0]), 0)
    weight = Block((), (Block(line.words[1:]),)).value("weight", str(own)) if len(line.words) > 1 else str(own)
    return Tracked(line.words[0], int(_number(weight)))


def _name(block: Block) -> str:
    return block.words[1] if len(block.words) > 1 else ""


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
