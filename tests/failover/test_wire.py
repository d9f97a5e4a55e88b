from __future__ import annotations

from dataclasses import replace

import pytest
from frames import (
    BACKUP,
    BACKUP_MAC,
    MASTER,
    MASTER_MAC,
    VIP,
    advert,
    answer,
    arp,
    ethernet,
    gratuitous,
    pcap,
)

from runbook_lib.errors import RunbookError
from runbook_lib.failover.measuring.wire import Advertisement, Announcement, Claim, Wire, parse_capture

ZERO = 1700000000.0


@pytest.mark.parametrize("nanoseconds", [True, False])
def test_version_2_has_whole_seconds_beside_the_kind_of_authentication(nanoseconds: bool) -> None:
    wire = parse_capture(pcap((ZERO + 1.25, advert(MASTER, 100)), nanoseconds=nanoseconds), VIP, ZERO)
    (heard,) = wire.advertisements
    assert heard.at_s == pytest.approx(1.25, abs=1e-6)
    assert replace(heard, at_s=1.25) == Advertisement(1.25, MASTER, MASTER_MAC, 51, 100, 1.0, 2)


def test_version_3_has_twelve_bits_of_centiseconds() -> None:
    frames = [(ZERO, advert(BACKUP, 50, version=3, advert_int_s=a)) for a in (0.02, 0.1, 2.56, 40.95)]
    wire = parse_capture(pcap(*frames), VIP, ZERO)
    assert [a.advert_int_s for a in wire.advertisements] == [0.02, 0.1, 2.56, 40.95]
    assert {(a.version, a.mac) for a in wire.advertisements} == {(3, BACKUP_MAC)}


def test_priority_0_is_a_goodbye() -> None:
    wire = parse_capture(pcap((ZERO, advert(MASTER, 100)), (ZERO + 1, advert(MASTER, 0))), VIP, ZERO)
    assert [a.goodbye for a in wire.advertisements] == [False, True]


def test_an_announcement_is_told_from_an_answer_and_a_question() -> None:
    question = arp(1, MASTER_MAC, MASTER, "00:00:00:00:00:00", VIP, to="ff:ff:ff:ff:ff:ff")
    other = arp(2, MASTER_MAC, MASTER, BACKUP_MAC, BACKUP, to=BACKUP_MAC)
    frames = [(ZERO + 1, gratuitous(BACKUP_MAC)), (ZERO + 2, answer(MASTER_MAC)), (ZERO + 3, question), (ZERO, other)]
    assert parse_capture(pcap(*frames), VIP, ZERO) == Wire(
        (), (Announcement(1.0, BACKUP_MAC),), (Claim(2.0, MASTER_MAC),)
    )


@pytest.mark.parametrize("kept", [25, 40, 60])
def test_a_torn_last_packet_is_left_out(kept: int) -> None:
    whole = pcap((ZERO, advert(MASTER, 100)))
    torn = whole + pcap((ZERO + 1, advert(MASTER, 100)))[24:][: kept - 24]
    assert len(parse_capture(torn, VIP, ZERO).advertisements) == 1


def test_what_is_no_vrrp_is_left_out() -> None:
    other_type = advert(MASTER, 100).replace(b"\x21\x33\x64", b"\x22\x33\x64")
    stump = ethernet("ff:ff:ff:ff:ff:ff", MASTER_MAC, 0x0800, b"\x45")
    frames = [(ZERO, stump), (ZERO, b"\0" * 5), (ZERO, other_type)]
    assert parse_capture(pcap(*frames), VIP, ZERO) == Wire()


def test_something_else_is_no_capture() -> None:
    with pytest.raises(RunbookError) as error:
        parse_capture(b"tcpdump: ens33: No such device exists\n", VIP, ZERO)
    assert str(error.value) == ("This is no capture: b'tcpdump: ens33: No s'. See what tcpdump said on the observer.")
