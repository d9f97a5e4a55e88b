"""Rules of somebody else's: which chain closes the way, and the command that opens it."""

from __future__ import annotations

import pytest

from runbook_lib.chapter.packet_filter import InputChain, parse_filters

FIREWALLD = """\
table inet firewalld { # progname firewalld
	flags owner,persist

	chain filter_INPUT {
		type filter hook input priority filter + 10; policy accept;
		reject with icmpx admin-prohibited
	}
}
"""
OWN = """\
table inet filter {
	set admins {
		type ipv4_addr
		elements = { 10.0.0.1, 10.0.0.2 }
	}

	chain input {
		type filter hook input priority filter; policy drop;
		ct state established,related accept
		tcp dport { 22, 443 } accept
	}

	chain output {
		type filter hook output priority filter; policy drop;
	}
}
table ip6 filter {
	chain INPUT {
		type filter hook input priority filter; policy drop;
	}
}
"""
EMPTY = """\
table ip filter {
	chain INPUT {
		type filter hook input priority filter; policy accept;
	}

	chain ours {
	}
}
"""
BY_IPTABLES = """\
table ip filter {
	chain INPUT {
		type filter hook input priority filter; policy accept;
		ip protocol icmp counter packets 0 bytes 0 accept
		counter packets 7 bytes 420 log prefix "no: " level info reject with icmp host-prohibited
	}
}
"""
BANS = """\
table inet bans {
	chain input {
		type filter hook input priority filter - 1; policy accept;
		jump banned
	}

	chain banned {
		ip saddr 10.0.0.7 drop
	}
}
"""
FORWARDS_ONLY = """\
table inet filter {
	chain input {
		type filter hook input priority filter; policy accept;
		tcp dport 22 accept
	}

	chain forward {
		type filter hook forward priority filter; policy drop;
		counter packets 0 bytes 0 drop
	}
}
"""
LEGACY_FORWARDS = "-P INPUT ACCEPT\n-P FORWARD DROP\n-N OURS\n-A FORWARD -j OURS\n-A OURS -j DROP\n"
LEGACY_FIREWALLD = (
    "-P INPUT ACCEPT\n-N INPUT_ZONES\n-A INPUT -j INPUT_ZONES\n-A INPUT -j REJECT --reject-with icmp-host-prohibited\n"
)
LEGACY_JUMPS = "-P INPUT ACCEPT\n-N OURS\n-A INPUT -j OURS\n-A OURS -s 10.0.0.7/32 -j DROP\n"
LEGACY = "-P INPUT DROP\n-P FORWARD ACCEPT\n-A INPUT -p icmp -j ACCEPT\n"
LEGACY_REJECTS = "-P INPUT ACCEPT\n-A INPUT -p icmp -j ACCEPT\n-A INPUT -j REJECT --reject-with icmp-host-prohibited\n"
BOTH = "/usr/sbin/iptables-nft\n/usr/sbin/iptables-legacy\n"


def found(ruleset: str = "", legacy: str = "", programs: str = BOTH, *, beside_firewalld: bool = True) -> list[str]:
    chains = parse_filters(f"{ruleset}==\n{legacy}==\n{programs}", beside_firewalld=beside_firewalld)
    return [str(chain) for chain in chains]


@pytest.mark.parametrize(
    ("ruleset", "legacy"),
    [
        ("", ""),
        (FIREWALLD, ""),
        ("", LEGACY_FIREWALLD),
        ("table inet filter {\n}\n", ""),
        (EMPTY, ""),
        (FORWARDS_ONLY, ""),
        ("", LEGACY_FORWARDS),
    ],
)
def test_firewalld_itself_and_what_drops_nothing_on_its_way_in_are_not_in_the_way(ruleset: str, legacy: str) -> None:
    assert found(ruleset, legacy) == []


@pytest.mark.parametrize(
    ("ruleset", "legacy", "named"),
    [
        (FIREWALLD + OWN, "", "nft inet filter input (policy drop)"),
        (BY_IPTABLES, "", "iptables-nft filter INPUT (policy accept)"),
        ("", LEGACY, "iptables-legacy filter INPUT (policy drop)"),
        ("", LEGACY_REJECTS, "iptables-legacy filter INPUT (policy accept)"),
        (BANS, "", "nft inet bans input (policy accept)"),
        ("", LEGACY_JUMPS, "iptables-legacy filter INPUT (policy accept)"),
    ],
)
def test_the_chain_in_the_way(ruleset: str, legacy: str, named: str) -> None:
    assert found(ruleset, legacy) == [named]


def test_what_a_firewalld_left_that_does_not_run_is_in_the_way() -> None:
    assert found(FIREWALLD, beside_firewalld=False) == ["nft inet firewalld filter_INPUT (policy accept)"]


def test_a_chain_that_drops_a_few_is_not_named_beside_one_that_drops_the_rest() -> None:
    assert found(BANS + OWN) == ["nft inet filter input (policy drop)"]


def test_what_lets_everything_in_is_not_named() -> None:
    assert found(BANS.replace("drop", "accept"), LEGACY.replace("DROP", "ACCEPT")) == []


def test_where_there_is_only_one_iptables_it_is_called_so() -> None:
    assert found("", LEGACY, "") == ["iptables filter INPUT (policy drop)"]


def test_the_commands_open_the_way_before_every_other_rule() -> None:
    own = InputChain("nft", "inet", "filter", "input", "drop", closed=True, drops=True, firewallds=False)
    assert own.accepting_ports(("80", "8848")) == "nft 'insert rule inet filter input tcp dport { 80, 8848 } accept'"
    assert own.accepting_vrrp() == "nft 'insert rule inet filter input ip protocol 112 accept'"
    iptables = InputChain("iptables-legacy", "ip", "filter", "INPUT", "drop", closed=True, drops=True, firewallds=False)
    assert iptables.accepting_ports(("80",)) == "iptables-legacy -I INPUT -p tcp -m multiport --dports 80 -j ACCEPT"
    assert iptables.accepting_vrrp() == "iptables-legacy -I INPUT -p 112 -j ACCEPT"
