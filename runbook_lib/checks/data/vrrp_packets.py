"""Send or count VRRP packets on a node: `send INTERFACE VRID COUNT`, `receive INTERFACE VRID COUNT SECONDS`.

Python 2.7 and 3, no packages.
"""
# mypy: disable-error-code="no-untyped-def,no-untyped-call"
# No annotations: CentOS 7 has Python 2 only.

import signal
import socket
import struct
import sys
import time

GROUP = "224.0.0.18"
PROTOCOL = 112
NOTHING = b"\0" * 8  # where version 2 has its authentication


def checksum(data):
    """The Internet checksum (RFC 1071)."""
    total = sum(struct.unpack("!" + "H" * (len(data) // 2), data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def advertisement(vrid):
    """A VRRP version 2 advertisement of priority 1, with no address in it (RFC 3768 5.1)."""
    head = struct.pack("!BBBBBBH", 0x21, vrid, 1, 0, 0, 1, 0)
    return head[:6] + struct.pack("!H", checksum(head + NOTHING)) + NOTHING


def opened(interface):
    """A raw socket for protocol 112 on the interface: it sees what the firewall let in."""
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, PROTOCOL)
    index = socket.if_nametoindex(interface) if hasattr(socket, "if_nametoindex") else 0
    group = struct.pack("4s4si", socket.inet_aton(GROUP), b"\0\0\0\0", index)
    raw.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, group)
    raw.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)
    raw.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 0)
    raw.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
    return raw


def receive(raw, vrid, count, seconds):
    """Count packets with this VRID until all are there, or SIGTERM says that all were sent.

    When the time is up first it counts nothing: more may have come.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    arrived, deadline = 0, time.time() + seconds
    try:
        print("ready")
        while arrived < count:
            if time.time() >= deadline:
                raise TimeoutError
            raw.settimeout(max(0.01, deadline - time.time()))
            packet = bytearray(raw.recv(256))
            payload = packet[(packet[0] & 15) * 4 :]
            arrived += len(payload) > 1 and payload[1] == vrid
    except socket.timeout:  # noqa: UP041 - Python 2 knows no other name
        sys.exit("the time was up before all was sent")
    except KeyboardInterrupt:
        pass
    print(arrived)


def main():
    """Run one side."""
    side, interface, vrid, count = sys.argv[1:5]
    raw = opened(interface)
    if side == "receive":
        return receive(raw, int(vrid), int(count), float(sys.argv[5]))
    for _ in range(int(count)):
        raw.sendto(advertisement(int(vrid)), (GROUP, 0))
        time.sleep(0.05)
    return None


main()
