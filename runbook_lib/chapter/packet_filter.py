"""Rules that filter what comes in without firewalld: somebody else's, read here and never changed.

An accept in a table of our own would not help: nftables asks every base chain of the hook, and a drop in one is final.
So all that can be said is which chain closes the way, and the command that opens it there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from runbook_lib.errors import HostError
from runbook_lib.hosts import Host

# To list iptables' legacy table is to load it, and a probe changes nothing: only where the kernel has it already.
_PROBE = (
    "nft list ruleset 2>/dev/null; echo ==; "
    "if grep -qsx filter /proc/net/ip_tables_names; then $(command -v iptables-legacy || echo iptables) -S; fi; "
    "echo ==; command -v iptables-nft; command -v iptables-legacy"
)
_TABLE = re.compile(r"^table (?P<family>ip|inet) (?P<name>\S+) \{.*?^\}", re.MULTILINE | re.DOTALL)
_CHAIN = re.compile(r"^\tchain (?P<name>\S+) \{.*?\n(?P<rules>.*?)^\t\}", re.MULTILINE | re.DOTALL)
_BASE = re.compile(r"type filter hook (?:prerouting|input) .*?(?:policy (?P<policy>\w+);)?$")
_TAKES_ALL = re.compile(r'^(counter( packets \d+ bytes \d+)? )?(log( (prefix "[^"]*"|\w+ \w+))* )?(drop|reject\b)')
_DROPS = re.compile(r"\b(drop|reject|DROP|REJECT)\b")
_LEADS_TO = re.compile(r"(?:\bjump|\bgoto|-[jg]) ([^\s,;}]+)")


@dataclass(frozen=True)
class InputChain:
    """A base chain that what comes in must pass."""

    tool: str
    """The program that changes it: nft, iptables-nft, iptables-legacy, iptables."""
    family: str
    table: str
    name: str
    policy: str
    """Of a packet that no rule takes: accept or drop."""
    closed: bool
    """What no rule takes is dropped, by the policy or by the last rule."""
    drops: bool
    """It, or a chain that it leads to, has a rule that drops."""
    firewallds: bool
    """firewalld made it."""

    def __str__(self) -> str:
        place = f"{self.family} {self.table} {self.name}" if self.tool == "nft" else f"{self.table} {self.name}"
        return f"{self.tool} {place} (policy {self.policy})"

    def accepting_ports(self, ports: Sequence[str]) -> str:
        """The command that lets these TCP ports in, before every other rule of the chain."""
        if self.tool == "nft":
            return f"{self._insert} tcp dport {{ {', '.join(ports)} }} accept'"
        return f"{self.tool} -I {self.name} -p tcp -m multiport --dports {','.join(ports)} -j ACCEPT"

    def accepting_vrrp(self) -> str:
        """The command that lets VRRP (IP protocol 112) in, before every other rule of the chain."""
        if self.tool == "nft":
            return f"{self._insert} ip protocol 112 accept'"
        return f"{self.tool} -I {self.name} -p 112 -j ACCEPT"

    @property
    def _insert(self) -> str:
        return f"nft 'insert rule {self.family} {self.table} {self.name}"


def packet_filters(host: Host, *, beside_firewalld: bool) -> tuple[InputChain, ...]:
    """The chains of a host that may stop what comes in; none where nothing filters.

    With `beside_firewalld` without firewalld's own. Where it does not run, what it left behind counts: it leaves its
    rules when it is killed.
    """
    probed = host.run(_PROBE)  # any status of the last part: programs that are not there are an answer
    return parse_filters(probed.stdout, beside_firewalld=beside_firewalld)


def parse_filters(probed: str, *, beside_firewalld: bool) -> tuple[InputChain, ...]:
    """The probe's answer: those that close with a drop, or, where none does, those with any rule that drops. Pure."""
    ruleset, _, more = probed.partition("==\n")
    legacy, separator, programs = more.partition("==\n")
    if not separator:
        raise HostError("A machine did not say what its packet filter is.", "Run `nft list ruleset` there.")
    there = (*_nft_chains(ruleset, programs), *_legacy_chains(legacy, programs))
    chains = [chain for chain in there if not (beside_firewalld and chain.firewallds)]
    closed = tuple(chain for chain in chains if chain.closed)
    return closed or tuple(chain for chain in chains if chain.drops)


def _nft_chains(ruleset: str, programs: str) -> Iterator[InputChain]:
    for table in _TABLE.finditer(ruleset):
        family, name = table["family"], table["name"]
        rules = {chain["name"]: [*map(str.strip, chain["rules"].splitlines())] for chain in _CHAIN.finditer(table[0])}
        for chain, (head, *own) in ((chain, lines) for chain, lines in rules.items() if lines):
            if (base := _BASE.match(head)) is None:
                continue
            policy = base["policy"] or "accept"
            # iptables speaks nftables today, and does not bear rules of nft's own making in its tables.
            tool = _program("iptables-nft", programs) if (family, chain) == ("ip", "INPUT") else "nft"
            closed = policy == "drop" or bool(own and _TAKES_ALL.match(own[-1]))
            passed = _passed(chain, {**rules, chain: own})
            yield InputChain(tool, family, name, chain, policy, closed, _drops(passed), _is_firewallds(name, passed))


def _legacy_chains(listing: str, programs: str) -> Iterator[InputChain]:
    if not listing:
        return
    rules: dict[str, list[str]] = {"INPUT": []}
    for _, chain, rule in (line.split(" ", 2) for line in listing.splitlines() if re.match("-A [^ ]+ ", line)):
        rules.setdefault(chain, []).append(rule)
    own, policy = rules["INPUT"], "drop" if "-P INPUT DROP" in listing else "accept"
    closed = policy == "drop" or bool(own and own[-1].startswith(("-j DROP", "-j REJECT")))
    tool, passed = _program("iptables-legacy", programs), _passed("INPUT", rules)
    yield InputChain(tool, "ip", "filter", "INPUT", policy, closed, _drops(passed), _is_firewallds("filter", passed))


def _passed(chain: str, rules: Mapping[str, list[str]]) -> list[str]:
    """The rules of a chain, and of those that it leads to."""
    reached, todo = dict[str, list[str]](), [chain]
    while todo:
        if (name := todo.pop()) not in reached:
            reached[name] = rules.get(name, [])
            todo += _LEADS_TO.findall(" ".join(reached[name]))
    return [rule for there in reached.values() for rule in there]


def _drops(rules: Sequence[str]) -> bool:
    return any(_DROPS.search(rule) for rule in rules)


def _is_firewallds(table: str, rules: Sequence[str]) -> bool:
    """By its table, or with the backend iptables by the chains that it adds."""
    return table == "firewalld" or any(rule.endswith(" INPUT_ZONES") for rule in rules)


def _program(name: str, programs: str) -> str:
    """The name that says which of the two iptables is meant, where the host has it; else there is only one."""
    return name if name in {path.rpartition("/")[2] for path in programs.split()} else "iptables"
