"""What a machine says of itself; the room has a test_machines in tests/lab, too."""

from __future__ import annotations

from checks.nodes import FakeHost, open_fake

from runbook_lib.chapter.machines import Facts, MachineRow, machine_rows, parse_facts

SAID = """\
0
systemd
Debian GNU/Linux 12 (bookworm)
20480
1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever
2: ens33    inet 192.168.42.128/24 brd 192.168.42.255 scope global ens33\\       valid_lft forever
==
2: ens33@if9: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP mode DEFAULT
3: ens34@if11: <NO-CARRIER,BROADCAST,MULTICAST,UP> mtu 1500 qdisc noqueue state DOWN mode DEFAULT
"""


def test_release_init_disk_and_addresses() -> None:
    addresses = (("lo", "127.0.0.1/8"), ("ens33", "192.168.42.128/24"))
    assert parse_facts(SAID) == Facts(0, "systemd", "Debian GNU/Linux 12 (bookworm)", 20480, addresses, ("ens34",))


def test_a_machine_without_an_address_or_a_name_of_its_release() -> None:
    assert parse_facts("1000\ninit\n\n300\n2: ens33    inet\n") == Facts(1000, "init", "", 300, (), ())


def test_each_machine_has_its_part_and_no_loopback_address() -> None:
    names = ("node129", "node128", "observer", "client")
    site = open_fake(*(FakeHost(name, lambda command: (0, SAID, "")) for name in names))
    parts = ("MASTER", "BACKUP", "observer", "client")
    assert machine_rows(site) == tuple(
        MachineRow(name, part, "Debian GNU/Linux 12 (bookworm)", "192.168.42.128/24 on ens33", 20480)
        for name, part in zip(names, parts, strict=True)
    )
