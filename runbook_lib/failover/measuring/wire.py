"""What the capture says: who advertised, who announced the VIP, who answered for it. The only door to dpkt. Pure.

VRRP is RFC 3768 5.1 (version 2) and RFC 5798 5.1, unchanged in RFC 9568 5.1 (version 3); ARP is RFC 826 and RFC 5227.
"""

from __future__ import annotations

import io
import socket
from collections.abc import Iterator
from dataclasses import dataclass

import dpkt

from runbook_lib.errors import RunbookError

VRRP = 112
ADVERTISEMENT = 1


@dataclass(frozen=True)
class Advertisement:
    """One VRRP advertisement; priority 0 is the holder's goodbye."""

    at_s: float
    source: str
    """The sender's IPv4 address."""
    mac: str
    router_id: int
    priority: int
    advert_int_s: float
    version: int

    @property
    def goodbye(self) -> bool:
        """The sender leaves: it releases responsibility for the VIP (RFC 3768 5.3.4, RFC 5798 5.2.4)."""
        return self.priority == 0


@dataclass(frozen=True)
class Announcement:
    """One gratuitous ARP for the VIP: everybody on the segment learns this MAC address (RFC 5227 3)."""

    at_s: float
    mac: str


@dataclass(frozen=True)
class Claim:
    """One answer to somebody who asked for the VIP. Two MAC addresses at once are two holders."""

    at_s: float
    mac: str


@dataclass(frozen=True)
class Wire:
    """What went over the segment, in seconds since `zero_s` of the capture's clock, in order."""

    advertisements: tuple[Advertisement, ...] = ()
    announcements: tuple[Announcement, ...] = ()
    claims: tuple[Claim, ...] = ()


def parse_capture(pcap: bytes, vip: str, zero_s: float) -> Wire:
    """What a pcap of `proto 112 or arp` says; a torn last packet (tcpdump was killed) is left out.

    Raises RunbookError when it is no pcap of an Ethernet.
    """
    address = socket.inet_aton(vip)
    heard = [thing for at_s, frame in _frames(pcap) if (thing := _read(at_s - zero_s, frame, address)) is not None]
    return Wire(
        tuple(thing for thing in heard if isinstance(thing, Advertisement)),
        tuple(thing for thing in heard if isinstance(thing, Announcement)),
        tuple(thing for thing in heard if isinstance(thing, Claim)),
    )


def _frames(pcap: bytes) -> Iterator[tuple[float, bytes]]:
    try:
        reader = dpkt.pcap.Reader(io.BytesIO(pcap))
    except (ValueError, dpkt.Error) as error:
        raise RunbookError(f"This is no capture: {pcap[:20]!r}.", "See what tcpdump said on the observer.") from error
    if reader.datalink() != dpkt.pcap.DLT_EN10MB:
        raise RunbookError(f"The capture is of link type {reader.datalink()}.", "Capture on an Ethernet interface.")
    try:
        for at_s, frame in reader:
            yield float(at_s), frame
    except dpkt.Error:  # its header is torn
        return


def _read(at_s: float, frame: bytes, vip: bytes) -> Advertisement | Announcement | Claim | None:
    try:
        ethernet = dpkt.ethernet.Ethernet(frame)
    except dpkt.Error:  # its content is torn
        return None
    if isinstance(ethernet.data, dpkt.ip.IP) and ethernet.data.p == VRRP:
        return _advertisement(at_s, ethernet)
    if isinstance(ethernet.data, dpkt.arp.ARP) and ethernet.data.spa == vip:
        return _claim(at_s, ethernet.data)
    return None


def _advertisement(at_s: float, ethernet: dpkt.ethernet.Ethernet) -> Advertisement | None:
    try:
        packet = dpkt.vrrp.VRRP(bytes(ethernet.data.data))
    except dpkt.Error:
        return None
    if packet.type != ADVERTISEMENT:
        return None
    # Version 3 has 12 bits of centiseconds where version 2 has the kind of authentication and whole seconds.
    centiseconds = (packet.atype & 0x0F) << 8 | packet.advtime
    advert_int_s = centiseconds / 100 if packet.v == 3 else float(packet.advtime)
    source = socket.inet_ntoa(ethernet.data.src)
    return Advertisement(at_s, source, _mac(ethernet.src), packet.vrid, packet.priority, advert_int_s, packet.v)


def _claim(at_s: float, arp: dpkt.arp.ARP) -> Announcement | Claim | None:
    """Gratuitous: the sender asks for, or answers with, its own address; keepalived sends it as a question."""
    if arp.tpa == arp.spa or (arp.op == dpkt.arp.ARP_OP_REPLY and arp.tha == b"\xff" * 6):
        return Announcement(at_s, _mac(arp.sha))
    return Claim(at_s, _mac(arp.sha)) if arp.op == dpkt.arp.ARP_OP_REPLY else None


def _mac(packed: bytes) -> str:
    return ":".join(f"{octet:02x}" for octet in packed)
