"""Captures made by hand for the tests of this room: the packets' bytes by struct, so that no decoder tests itself."""

from __future__ import annotations

import socket
import struct

VIP = "192.168.42.130"
MASTER, BACKUP = "192.168.42.129", "192.168.42.128"
MASTER_MAC, BACKUP_MAC = "02:00:c0:a8:2a:81", "02:00:c0:a8:2a:80"
MACS = {MASTER: MASTER_MAC, BACKUP: BACKUP_MAC}
EVERYBODY = "ff:ff:ff:ff:ff:ff"


def advert(source: str, priority: int, *, router_id: int = 51, advert_int_s: float = 1.0, version: int = 2) -> bytes:
    """A VRRP advertisement as keepalived sends it: version 2 with a password, version 3 with centiseconds."""
    if version == 2:
        body = struct.pack("!BBBBBBH4s8s", 0x21, router_id, priority, 1, 1, int(advert_int_s), 0, _ip(VIP), b"1111")
    else:
        body = struct.pack("!BBBBHH4s", 0x31, router_id, priority, 1, round(advert_int_s * 100), 0, _ip(VIP))
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0xC0, 20 + len(body), 1, 0, 255, 112, 0, _ip(source), _ip("224.0.0.18"))
    return ethernet("01:00:5e:00:00:12", MACS[source], 0x0800, header + body)


def gratuitous(mac: str) -> bytes:
    """A gratuitous ARP request for the VIP."""
    return arp(1, mac, VIP, "00:00:00:00:00:00", VIP, to=EVERYBODY)


def answer(mac: str) -> bytes:
    """An answer to somebody who asked for the VIP with the sender 0.0.0.0."""
    return arp(2, mac, VIP, "02:00:c0:a8:2a:83", "0.0.0.0", to="02:00:c0:a8:2a:83")


def arp(op: int, mac: str, sender: str, target_mac: str, target: str, *, to: str) -> bytes:
    body = struct.pack("!HHBBH6s4s6s4s", 1, 0x0800, 6, 4, op, _mac(mac), _ip(sender), _mac(target_mac), _ip(target))
    return ethernet(to, mac, 0x0806, body)


def ethernet(to: str, mac: str, kind: int, body: bytes) -> bytes:
    return _mac(to) + _mac(mac) + struct.pack("!H", kind) + body.ljust(46, b"\0")


def pcap(*frames: tuple[float, bytes], nanoseconds: bool = True) -> bytes:
    """A capture file of frames at Unix times."""
    magic, unit = (0xA1B23C4D, 1e9) if nanoseconds else (0xA1B2C3D4, 1e6)
    packed = [struct.pack("<IHHiIII", magic, 2, 4, 0, 0, 256, 1)]
    for at, frame in frames:
        packed.append(struct.pack("<IIII", int(at), round((at - int(at)) * unit), len(frame), len(frame)) + frame)
    return b"".join(packed)


def _ip(address: str) -> bytes:
    return socket.inet_aton(address)


def _mac(mac: str) -> bytes:
    return bytes.fromhex(mac.replace(":", ""))
