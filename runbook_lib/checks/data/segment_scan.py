"""Listen on a node's segment before anything is changed: `INTERFACE VIP SECONDS`. Python 2.7 and 3, no packages.

Asks by ARP who has the VIP (sender 0.0.0.0, RFC 5227 2.1.1: no cache learns from it) and hears every VRRP
advertisement, below the firewall. One line for each thing heard: `arp MAC` or `vrrp ADDRESS VRID PRIORITY`.
"""
# mypy: disable-error-code="no-untyped-def,no-untyped-call"
# No annotations: CentOS 7 has Python 2 only.

import binascii
import socket
import struct
import sys
import time

ALL_PROTOCOLS = 3
ARP, IPV4 = 0x0806, 0x0800
VRRP = 112
ASK_EVERY_S = 0.4
BROADCAST, NOBODY = b"\xff" * 6, b"\0" * 6


def question(mac, vip):
    """An ARP probe for the VIP."""
    asked = struct.pack("!HHBBH6s4s6s4s", 1, IPV4, 6, 4, 1, mac, b"\0" * 4, NOBODY, vip)
    return BROADCAST + mac + struct.pack("!H", ARP) + asked


def heard(frame, mac, vip):
    """What a frame of somebody else's says, as a line; None for anything else."""
    kind = struct.unpack("!H", frame[12:14])[0]
    if kind == ARP and len(frame) >= 42:
        sender, address = frame[22:28], frame[28:32]
        return "arp " + binascii.hexlify(sender).decode() if address == vip and sender != mac else None
    if kind != IPV4 or len(frame) < 34 or bytearray(frame[23:24])[0] != VRRP or frame[6:12] == mac:
        return None
    payload = bytearray(frame[14 + (bytearray(frame[14:15])[0] & 15) * 4 :])
    if len(payload) < 3:
        return None
    return "vrrp {0} {1} {2}".format(socket.inet_ntoa(frame[26:30]), payload[1], payload[2])  # noqa: UP030, UP032


def main():
    """Ask and listen until the time is up."""
    interface, vip, seconds = sys.argv[1], socket.inet_aton(sys.argv[2]), float(sys.argv[3])
    raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL_PROTOCOLS))
    try:
        raw.bind((interface, ALL_PROTOCOLS))
    except (OSError, socket.error) as error:  # noqa: UP024 - in Python 2 they are two
        sys.exit("{0}: {1}".format(interface, error.strerror))  # noqa: UP030, UP032
    mac = raw.getsockname()[4]
    said, deadline, ask_at = set(), time.time() + seconds, 0.0
    while time.time() < deadline:
        if time.time() >= ask_at:
            raw.send(question(mac, vip))
            ask_at = time.time() + ASK_EVERY_S
        raw.settimeout(0.1)
        try:
            line = heard(raw.recv(2048), mac, vip)
        except socket.timeout:  # noqa: UP041 - Python 2 knows no other name
            continue
        if line and line not in said:
            said.add(line)
            print(line)


main()
