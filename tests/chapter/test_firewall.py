"""What a firewall says of itself, and what is lacking."""

from __future__ import annotations

import pytest

from runbook_lib.chapter.change import Change
from runbook_lib.chapter.firewall import (
    RICH_VRRP,
    Firewall,
    Zone,
    lacking,
    parse_firewall,
    plan_openings,
    plan_without_firewalld,
    port_openings,
    wanted_ports,
)
from runbook_lib.chapter.packet_filter import InputChain
from runbook_lib.site import Site, parse_site

DEBIAN = """\
1.3.3
nftables
==
public (active)
  target: default
  interfaces: ens33
  sources:\x20
  services: dhcpv6-client ssh
  ports: 80/tcp 8848/tcp
  protocols: vrrp
  forward-ports:\x20
  source-ports: 7/tcp
  rich rules:\x20
\trule family="ipv4" source address="10.0.0.1" accept
\trule protocol value="vrrp" accept
==
public
  services: ssh
  ports:\x20
  protocols:\x20
  rich rules:\x20
"""
CENTOS_7_0 = """\
0.3.9
==
public (default, active)
  interfaces: ens33
  services: dhcpv6-client ssh
  ports:\x20
  rich rules:\x20
\trule protocol value="vrrp" accept
==
public (default)
  ports:\x20
  rich rules:\x20
\trule protocol value="vrrp" accept
"""


def test_what_debian_says() -> None:
    assert parse_firewall(DEBIAN) == Firewall(
        (1, 3, 3),
        "nftables",
        Zone(
            frozenset({"80/tcp", "8848/tcp"}),
            frozenset({"vrrp"}),
            frozenset({'rule family="ipv4" source address="10.0.0.1" accept', RICH_VRRP}),
        ),
        Zone(),
    )


def test_a_version_without_protocols_has_a_rich_rule() -> None:
    found = parse_firewall(CENTOS_7_0)
    assert found.backend == "iptables"
    assert found.vrrp_rule == f"rich-rule={RICH_VRRP}"
    assert lacking(found, [found.vrrp_rule]) == ()


def test_what_is_open_only_until_the_next_boot_is_lacking() -> None:
    assert lacking(parse_firewall(DEBIAN), ("port=80/tcp", "protocol=vrrp")) == ("port=80/tcp", "protocol=vrrp")


def test_only_what_is_missing_is_added_and_only_what_was_not_permanent_is_noted_as_ours() -> None:
    there = Zone(ports=frozenset({"80/tcp"}))
    change = plan_openings("node128", Firewall((1, 3), "nftables", Zone(), there), ["port=80/tcp"], "open it")
    assert [str(action) for action in change.actions] == ["firewall-cmd --add-port=80/tcp"]
    change = plan_openings("node128", Firewall((1, 3), "nftables", there, Zone()), ["port=80/tcp"], "open it")
    assert [str(action) for action in change.actions] == [
        "note in /var/lib/runbook/firewall-openings that port=80/tcp is ours",
        "firewall-cmd --permanent --add-port=80/tcp",
    ]


def test_what_is_let_in_already_is_no_change() -> None:
    found = Firewall((1,), "nftables", *[Zone(protocols=frozenset({"vrrp"}))] * 2)
    change = plan_openings("node128", found, ("protocol=vrrp",), "let it in")
    assert change == Change.none("node128", "the firewall (nftables) lets it in already")


@pytest.mark.parametrize(
    ("filters", "title"),
    [
        ([], "no firewalld runs here, and nothing else drops what comes in"),
        (
            [InputChain("nft", "inet", "filter", "input", "drop", closed=True, drops=True, firewallds=False)],
            "no firewalld runs here; not ours to change: nft inet filter input (policy drop)",
        ),
    ],
)
def test_without_firewalld_nothing_is_changed_and_what_filters_is_named(filters: list[InputChain], title: str) -> None:
    assert plan_without_firewalld("node128", filters) == Change.none("node128", title)


def test_the_members_ports_are_wanted_where_they_are() -> None:
    assert wanted_ports(Site(), "node129") == ("80/tcp",)
    assert port_openings(wanted_ports(Site(), "node128")) == (
        "port=80/tcp",
        "port=8848/tcp",
        "port=8849/tcp",
        "port=8850/tcp",
    )
    elsewhere = parse_site({"nacos": {"members": ["10.0.0.9:8848"]}, "openresty": {"port": 8080}})
    assert wanted_ports(elsewhere, "node128") == ("8080/tcp",)
