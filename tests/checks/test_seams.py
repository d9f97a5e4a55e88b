"""Nodes as others have them: without firewalld, with rules of their own in its place, with IPv6 that nobody uses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from chapter_run import Site
from conftest import own_lab

from runbook_lib import checks
from runbook_lib.chapter.firewall import allow_vrrp, firewalls, open_ports
from runbook_lib.chapter.machines import machine_rows
from runbook_lib.chapter.status import addresses
from runbook_lib.checks.verdict import Check, Status
from runbook_lib.hosts import OpenSite
from runbook_lib.journal import Journal
from runbook_lib.lab import Lab
from runbook_lib.notebook.open_site import open_model
from runbook_lib.site import parse_site

pytestmark = [pytest.mark.lab, pytest.mark.timeout(600)]

NODES = ("node128", "node129")
NFT = """
table inet filter {
    chain input {
        type filter hook input priority filter; policy drop;
        iif lo accept
        ct state established,related accept
        ip protocol icmp accept
        tcp dport 22 accept
    }
}
"""
NFT_REJECTS_LAST = """
table ip own {
    chain incoming {
        type filter hook input priority -10; policy accept;
        iif lo accept
        ct state established accept
        tcp dport 22 accept
        counter log prefix "no: " reject with icmp admin-prohibited
    }
}
"""
LEFT_BEHIND = """
table inet firewalld {
    chain filter_INPUT {
        type filter hook input priority filter + 10; policy accept;
        ct state { established, related } accept
        iifname "lo" accept
        tcp dport 22 accept
        reject with icmpx admin-prohibited
    }
}
"""
IPTABLES = (
    "{0} -A INPUT -i lo -j ACCEPT && {0} -A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT && "
    "{0} -A INPUT -p icmp -j ACCEPT && {0} -A INPUT -p tcp --dport 22 -j ACCEPT && {0} -P INPUT DROP"
)
NO_IPTABLES = "{0} -P INPUT ACCEPT; {0} -F INPUT"
FILTERS = {  # what is in the way, how it comes, how it goes
    "nft inet filter input (policy drop)": (f"nft '{NFT}'", "nft delete table inet filter"),
    "nft ip own incoming (policy accept)": (f"nft '{NFT_REJECTS_LAST}'", "nft delete table ip own"),
    "nft inet firewalld filter_INPUT (policy accept)": (  # as one leaves them that was killed
        f"nft '{LEFT_BEHIND}'",
        "nft delete table inet firewalld",
    ),
    "iptables-nft filter INPUT (policy drop)": (IPTABLES.format("iptables-nft"), NO_IPTABLES.format("iptables-nft")),
    "iptables-legacy filter INPUT (policy drop)": (
        f"update-alternatives --set iptables /usr/sbin/iptables-legacy && {IPTABLES.format('iptables')}",
        f"{NO_IPTABLES.format('iptables')}; update-alternatives --auto iptables",
    ),
}


@pytest.fixture(scope="module")
def bare() -> Iterator[Lab]:
    """Four machines without firewalld: switched off for good on node128, not even installed on node129."""
    with own_lab("bare", with_nacos=False) as made:
        for node in NODES:  # stopped while it starts, it leaves its rules behind
            sh(made, node, "timeout 60 bash -c 'until firewall-cmd --state; do sleep 0.1; done'")
        sh(made, "node128", "systemctl mask --now firewalld")
        sh(made, "node129", "systemctl stop firewalld && dpkg --remove firewalld")
        yield made


@pytest.fixture
def site(bare: Lab, tmp_path: Path) -> OpenSite:
    model = parse_site({"lab": {"name": bare.name}})
    return open_model(model, Journal(None), tmp_path)


def sh(lab: Lab, machine: str, command: str) -> str:
    status, stdout, stderr = lab.capture(machine, ["bash", "-c", command])
    assert status == 0, stdout + stderr
    return stdout


@contextmanager
def filtered(lab: Lab, comes: str, goes: str) -> Iterator[None]:
    """Rules of the machine's own on both nodes."""
    if "iptables-legacy" in comes and lab.capture("node128", ["iptables-legacy", "-S"])[0] != 0:
        pytest.skip("this kernel has no ip_tables, which iptables-legacy speaks to")
    try:
        for node in NODES:
            sh(lab, node, comes)
        yield
    finally:
        for node in NODES:
            lab.capture(node, ["bash", "-c", goes])


def test_the_notebooks_of_the_firewall_pass_where_there_is_none(bare: Lab, tmp_path: Path) -> None:
    site = Site(bare, tmp_path)
    bundle = site.run("--only", "01,04")
    for check in ("ports.reachable", "ports.kept", "vrrp.arrives", "vrrp.kept"):
        assert bundle.verdict_of(check)["verdict"] == "PASSED"
    assert bundle.verdict_of("vrrp.kept")["observed"] == (
        "node129: no firewalld runs, and nothing else drops; node128: no firewalld runs, and nothing else drops"
    )
    assert bundle.outputs("01").count("no firewalld runs here, and nothing else drops what comes in") == 2


def test_a_firewalld_that_comes_back_with_the_next_boot_is_told(bare: Lab, site: OpenSite) -> None:
    sh(bare, "node128", "systemctl unmask firewalld")
    try:
        verdict = checks.vrrp_kept(site).observe()
    finally:
        sh(bare, "node128", "systemctl mask firewalld")
    assert verdict.status is Status.FAILED
    assert verdict.observed.endswith(
        "node128: firewalld does not run now, and drops what it does not know after a reboot"
    )


@pytest.mark.parametrize("chain", [pytest.param(c, marks=pytest.mark.slow if i else []) for i, c in enumerate(FILTERS)])
def test_the_hint_opens_the_way_through_rules_of_somebody_elses(bare: Lab, site: OpenSite, chain: str) -> None:
    with filtered(bare, *FILTERS[chain]):
        for operation in (open_ports, allow_vrrp):
            assert [change.title for change in operation.plan(site)] == [
                f"no firewalld runs here; not ours to change: {chain}"
            ] * 2
        assert [row.firewall for row in firewalls(site)] == [chain] * 2
        for check in (checks.ports_reachable(site), checks.vrrp_arrives(site)):
            follow_the_hint(bare, check, chain)
        assert checks.vrrp_kept(site).observe().status is Status.SKIPPED
        assert checks.ports_kept(site).observe().status is Status.SKIPPED


def follow_the_hint(lab: Lab, check: Check, chain: str) -> None:
    """FAILED by observation; PASSED once what the hint says is done, word by word, and nothing else."""
    verdict = check.observe()
    assert verdict.status is Status.FAILED
    told = re.findall(r"On (\S+) run `([^`]+)`", verdict.hint)
    assert {node for node, _ in told} == set(NODES)
    assert verdict.hint.count(f"not ours to change: {chain}.") == 2
    for node, command in told:
        sh(lab, node, command)
    verdict = check.observe()
    assert verdict.status is Status.PASSED, verdict


def test_rules_that_let_no_vrrp_out_are_told_from_those_that_let_none_in(bare: Lab, site: OpenSite) -> None:
    chain = "chain output { type filter hook output priority 0; policy accept; ip protocol 112 drop; }"
    sh(bare, "node129", f"nft 'table inet out {{ {chain}; }}'")
    try:
        verdict = checks.vrrp_arrives(site).observe()
    finally:
        sh(bare, "node129", "nft delete table inet out")
    assert verdict.status is Status.FAILED
    assert "node128: node129 lets none out" in verdict.observed
    assert verdict.hint == (
        "On node129 let IP protocol 112 out: nft list ruleset, or iptables -S OUTPUT, shows what drops it. "
        "A table runbook_… is a fault's: runbook fault recover -f FILE"
    )


def test_ipv6_beside_it_confuses_nothing(bare: Lab, site: OpenSite) -> None:
    machines = {"node128": 128, "node129": 129, "observer": 131}
    for name, number in machines.items():
        sh(bare, name, f"ip -6 addr add fd00::{number}/64 dev ens33 nodad")
    try:
        assert "inet6 fe80::" in sh(bare, "node128", "ip -6 addr show dev ens33")
        every = (checks.machines_ready, checks.vip_free, checks.router_id_free, checks.ports_reachable)
        assert [check(site).observe().status for check in (*every, checks.vrrp_arrives)] == [Status.PASSED] * 5
        assert all("fd00" not in row.addresses for row in machine_rows(site))
        assert {row.address for row in addresses(site)} == {"192.168.42.128/24", "192.168.42.129/24"}
    finally:
        for name, number in machines.items():
            sh(bare, name, f"ip -6 addr del fd00::{number}/64 dev ens33")
