"""Ask the VIP again and again, by HTTP, TCP, ICMP and ARP; write down when each request went out and what came back.

Runs on the observer, alone, with the standard library of Python 3.6 or newer. Open loop: a slow answer never delays the
next request, and each request gives up on its own, below TCP's first retransmission (1 s): so an answer belongs to the
moment at which its request was sent. One thread for all lanes; HTTP and TCP take one connection a request.

Standard output, times in microseconds since the start:

    # runbook probe 2 start_unix_us=… scheduler=fifo
    lane,seq,sent,late,done,kind,entry
    # no LANE: why it can't be probed
    # end at_us=… unix_us=… cpu_us=…

`late`: how long after its planned moment a request was sent; `kind`: ok, timeout, refused, reset, unreachable, closed,
status-NNN, or local-ERRNO where this machine itself could not send; `entry`: who answered, by the X-Entry header or,
to ARP, by the MAC address. It ends after --for seconds, on SIGTERM, or when nobody reads any more.

ARP asks from a second interface, in a network namespace of its own, with the sender 0.0.0.0: an answer heals no cache
of this machine or of another (RFC 5227 2.1.1). Namespace and interface end with the process, however that ends.
"""

import argparse
import collections
import ctypes
import errno
import gc
import os
import selectors
import signal
import socket
import struct
import subprocess
import sys
import time

KINDS = {
    errno.ECONNREFUSED: "refused",
    errno.ECONNRESET: "reset",
    errno.EPIPE: "reset",
    errno.EHOSTUNREACH: "unreachable",
    errno.ENETUNREACH: "unreachable",
    errno.ETIMEDOUT: "timeout",
}
STALL_S = 1.0  # what a stall of more than this swallowed is not sent afterwards: a burst would disturb the entries
ECHO_REPLY, ECHO_REQUEST = 0, 8  # RFC 792
ARP, ARP_REPLY, IPV4 = 0x0806, 2, 0x0800
BROADCAST, NOBODY = b"\xff" * 6, b"\0" * 6
CLONE_NEWNET = 0x40000000


def kind_of(status: int) -> str:
    """The word for an error that ended a request: the other side's, or this machine's own."""
    return KINDS.get(status, "local-" + errno.errorcode.get(status, str(status)))


class Request:
    """One request on its way."""

    __slots__ = ("answer", "done", "lane", "late", "sent", "seq", "sock")

    def __init__(self, lane: "Lane", sent: float, late: float) -> None:
        self.lane = lane
        self.seq = lane.next_seq
        self.sent = sent
        self.late = late
        self.answer = b""
        self.done = False
        self.sock: socket.socket | None = None  # where it has one of its own


class Lane:
    """One way of asking: when its next request is due, and those that are on their way, oldest first."""

    name = ""

    def __init__(self, probe: "Probe", every: float) -> None:
        self.probe = probe
        self.every = every
        self.planned = 0.0
        self.next_seq = 0
        self.flying: collections.deque[Request] = collections.deque()

    def send_due(self, now: float) -> None:
        """Send the request whose moment has come."""
        request = Request(self, now, now - self.planned)
        self.next_seq += 1
        self.planned = max(self.planned + self.every, now - STALL_S)
        self.flying.append(request)
        try:
            self.send(request)
        except OSError as error:
            self.probe.finish(request, kind_of(error.errno or 0))

    def send(self, request: Request) -> None:
        """Put it on its way. Raises OSError."""
        raise NotImplementedError

    def ready(self, request: "Request | None") -> None:
        """A socket of this lane has something to say."""
        raise NotImplementedError

    def expire(self, oldest: float) -> None:
        """Give up the requests that were sent before."""
        while self.flying and (self.flying[0].done or self.flying[0].sent <= oldest):
            request = self.flying.popleft()
            if not request.done:
                self.probe.finish(request, "timeout")


class TcpLane(Lane):
    """A connection is made and closed: the port answers, whatever stands behind it."""

    name = "tcp"
    page = b""

    def __init__(self, probe: "Probe", every: float, target: "tuple[str, int]") -> None:
        super().__init__(probe, every)
        self.target = target

    def send(self, request: Request) -> None:
        """Open a connection of its own."""
        request.sock = sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        status = sock.connect_ex(self.target)
        if status not in (0, errno.EINPROGRESS):
            raise OSError(status, "connect")
        self.probe.selector.register(sock, selectors.EVENT_WRITE, (self, request))

    def ready(self, request: "Request | None") -> None:
        """Its connection is there, or has an answer, or an error."""
        assert request is not None
        assert request.sock is not None
        try:
            if self.probe.selector.get_key(request.sock).events == selectors.EVENT_WRITE:
                self.connected(request, request.sock)
            else:
                self.read(request, request.sock)
        except OSError as error:
            self.probe.finish(request, KINDS.get(error.errno or 0, "reset"))

    def connected(self, request: Request, sock: socket.socket) -> None:
        """The connection was made, or refused."""
        status = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if status:
            raise OSError(status, "connect")
        if not self.page:
            self.probe.finish(request, "ok")
            return
        sock.send(self.page)
        self.probe.selector.modify(sock, selectors.EVENT_READ, (self, request))

    def read(self, request: Request, sock: socket.socket) -> None:
        """More of an answer is there."""
        part = sock.recv(4096)
        request.answer += part
        if b"\r\n\r\n" in request.answer:
            self.probe.finish(request, *read_answer(request.answer))
        elif not part:
            self.probe.finish(request, "closed")


class HttpLane(TcpLane):
    """A page is asked for: the service answers, and says which entry it is."""

    name = "http"

    def __init__(self, probe: "Probe", every: float, target: "tuple[str, int]", path: str) -> None:
        super().__init__(probe, every, target)
        page = f"GET {path} HTTP/1.1\r\nHost: {target[0]}\r\nConnection: close\r\n\r\n"
        self.page = page.encode("ascii")


class IcmpLane(Lane):
    """An echo request: somebody has the address, whatever runs there."""

    name = "icmp"

    def __init__(self, probe: "Probe", every: float, address: str) -> None:
        super().__init__(probe, every)
        try:
            self.sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
            self.raw = True
        except PermissionError:  # not root: net.ipv4.ping_group_range may allow this
            self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP)
            self.raw = False
        self.sock.setblocking(False)
        self.sock.connect((address, 0))
        self.ident = os.getpid() & 0xFFFF
        probe.selector.register(self.sock, selectors.EVENT_READ, (self, None))

    def send(self, request: Request) -> None:
        """Send one echo request."""
        self.sock.send(echo_request(self.ident, request.seq & 0xFFFF))

    def ready(self, request: "Request | None") -> None:
        """An echo reply, or some other ICMP message from the VIP."""
        try:
            packet = self.sock.recv(2048)
        except OSError:  # an earlier request's error: that one gives up by itself
            return
        reply = packet[(packet[0] & 15) * 4 :] if self.raw else packet
        if len(reply) < 8:
            return
        kind, _, _, ident, seq = struct.unpack("!BBHHH", reply[:8])
        if kind != ECHO_REPLY or (self.raw and ident != self.ident):
            return
        for flying in self.flying:
            if flying.seq & 0xFFFF == seq and not flying.done:
                self.probe.finish(flying, "ok")


class ArpLane(Lane):
    """Who has the VIP: the segment's own answer, with the MAC address that gave it."""

    name = "arp"

    def __init__(self, probe: "Probe", every: float, address: str, interface: str) -> None:
        super().__init__(probe, every)
        self.vip = socket.inet_aton(address)
        self.sock = second_interface(interface)
        self.mac = self.sock.getsockname()[4]
        probe.selector.register(self.sock, selectors.EVENT_READ, (self, None))

    def send(self, request: Request) -> None:
        """Ask everybody who has the VIP."""
        asked = struct.pack("!HHBBH6s4s6s4s", 1, IPV4, 6, 4, 1, self.mac, b"\0" * 4, NOBODY, self.vip)
        self.sock.send(BROADCAST + self.mac + struct.pack("!H", ARP) + asked)

    def ready(self, request: "Request | None") -> None:
        """Somebody's ARP packet."""
        try:
            frame = self.sock.recv(2048)
        except OSError:  # the interface is down: the next send says so
            return
        if len(frame) < 42 or struct.unpack("!H", frame[20:22])[0] != ARP_REPLY or frame[28:32] != self.vip:
            return
        # An ARP answer doesn't say which question it belongs to; it comes within a millisecond: the newest one.
        waiting = [flying for flying in self.flying if not flying.done]
        if waiting:
            self.probe.finish(waiting[-1], "ok", ":".join(f"{octet:02x}" for octet in frame[22:28]))


class Probe:
    """The loop: send what is due, take what came, give up what is too old."""

    def __init__(self, options: argparse.Namespace, scheduler: str) -> None:
        self.give_up = options.give_up
        # Not epoll: it waits whole milliseconds, select waits microseconds, and there are some hundred sockets at most.
        self.selector = selectors.SelectSelector()
        self.output = b""
        self.stopped = False
        self.lanes: list[Lane] = []
        self.start = time.monotonic()
        self.say(f"# runbook probe 2 start_unix_us={int(time.time() * 1e6)} scheduler={scheduler}")
        self.say("lane,seq,sent,late,done,kind,entry")
        self.open_lanes(options)
        self.last = self.start + options.seconds

    def open_lanes(self, options: argparse.Namespace) -> None:
        """Every lane that is possible here, staggered so that their sends don't meet; why not, for the others."""
        target, slow = (options.address, options.port), options.every_slow
        self.lanes = [HttpLane(self, options.every, target, options.path), TcpLane(self, slow, target)]
        try:
            self.lanes.append(IcmpLane(self, slow, options.address))
        except OSError as error:
            self.say(f"# no icmp: {error}")
        try:
            self.lanes.append(ArpLane(self, slow, options.address, options.interface))
        except OSError as error:
            self.say(f"# no arp: {' '.join(str(error).split())}")
        begin = time.monotonic() + options.every
        for i, lane in enumerate(self.lanes):
            lane.planned = begin + i * options.every / len(self.lanes)

    def run(self) -> None:
        """Probe until the time is up or SIGTERM came, then wait for what is still on its way."""
        while True:
            now = time.monotonic()
            sending = now < self.last and not self.stopped
            for lane in self.lanes:
                if sending and now >= lane.planned:
                    lane.send_due(now)
                lane.expire(now - self.give_up)
            self.flush()
            if not sending and not any(lane.flying for lane in self.lanes):
                self.say_end()
                return
            wake = min(lane.planned for lane in self.lanes) if sending else now + 0.01
            for key, _ in self.selector.select(max(0.0, wake - time.monotonic())):
                lane, request = key.data
                lane.ready(request)

    def stop(self, *_: object) -> None:
        """Send nothing more."""
        self.stopped = True

    def finish(self, request: Request, kind: str, entry: str = "") -> None:
        """Write the line, and close the connection that was the request's own."""
        request.done = True
        if request.sock is not None:
            if request.sock in self.selector.get_map():
                self.selector.unregister(request.sock)
            request.sock.close()
        sent, done = request.sent - self.start, time.monotonic() - self.start
        values = (
            request.lane.name,
            request.seq,
            int(sent * 1e6),
            int(request.late * 1e6),
            int(done * 1e6),
            kind,
            entry,
        )
        self.say(",".join(map(str, values)))

    def say_end(self) -> None:
        """Tie both clocks together once more, and say what all this cost."""
        now = time.monotonic() - self.start
        unix, cpu = time.time(), time.process_time()
        self.say(f"# end at_us={int(now * 1e6)} unix_us={int(unix * 1e6)} cpu_us={int(cpu * 1e6)}")

    def say(self, line: str) -> None:
        """Queue a line for standard output."""
        self.output += line.encode("utf-8") + b"\n"

    def flush(self) -> None:
        """Write what the reader takes now: a reader that stalls must not stall the probe."""
        while self.output:
            try:
                written = os.write(1, self.output)
            except BlockingIOError:
                return
            except BrokenPipeError:
                sys.exit(1)
            self.output = self.output[written:]


def read_answer(answer: bytes) -> "tuple[str, str]":
    """The kind and the X-Entry of an HTTP answer."""
    lines = answer.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    status = [*lines[0].split(" "), "", ""][1]
    named = [line[8:].strip() for line in lines[1:] if line.lower().startswith("x-entry:")]
    entry = "".join(c for c in "".join(named[:1]) if c.isalnum() or c in "-._")
    return ("ok" if status == "200" else "status-" + status[:3]), entry


def echo_request(ident: int, seq: int) -> bytes:
    """An ICMP echo request (RFC 792), with the Internet checksum (RFC 1071)."""
    total = (ECHO_REQUEST << 8) + ident + seq
    total = (total >> 16) + (total & 0xFFFF)
    total += total >> 16
    return struct.pack("!BBHHH", ECHO_REQUEST, 0, ~total & 0xFFFF, ident, seq)


def second_interface(interface: str) -> "socket.socket":
    """A packet socket on an interface beside `interface`, in a namespace that lives as long as the socket.

    Raises OSError where that can't be had: no right to, or no macvlan in the kernel.
    """
    if not interface:
        raise OSError("no interface was named")
    libc = ctypes.CDLL(None, use_errno=True)
    home = os.open("/proc/self/ns/net", os.O_RDONLY)
    try:
        if libc.unshare(CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "a network namespace: " + os.strerror(ctypes.get_errno()))
        own = os.open("/proc/self/ns/net", os.O_RDONLY)
        try:
            enter(libc, home)
            # Made there at once: nothing is left of it here, whenever we are killed.
            where = f"/proc/{os.getpid()}/fd/{own}"
            ip("link", "add", "link", interface, "name", "arp0", "netns", where, "type", "macvlan", "mode", "bridge")
            enter(libc, own)
            ip("link", "set", "dev", "arp0", "addrgenmode", "none", "up")
            sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ARP))
            sock.bind(("arp0", ARP))
            sock.setblocking(False)
            return sock
        finally:
            os.close(own)
    finally:
        enter(libc, home)
        os.close(home)


def enter(libc: ctypes.CDLL, namespace: int) -> None:
    """Go into a network namespace: what is opened from now on lives there."""
    if libc.setns(namespace, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns: " + os.strerror(ctypes.get_errno()))


def ip(*arguments: str) -> None:
    """Run `ip`. Raises OSError with what it said."""
    ran = subprocess.Popen(("ip", *arguments), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said = ran.communicate()[0].decode(errors="replace").strip()
    if ran.returncode:
        raise OSError("ip {}: {}".format(" ".join(arguments[:2]), said))


def above_others() -> str:
    """Run before every ordinary process where that is allowed; how it is scheduled, for the header."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except OSError as error:
        return f"other({errno.errorcode.get(error.errno or 0, error.errno)})"
    return "fifo"


def main() -> None:
    """Parse the options and probe."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--address", required=True)
    parser.add_argument("--port", type=int, default=80)
    parser.add_argument("--path", default="/entry")
    parser.add_argument("--interface", default="", help="beside which ARP asks; none: it doesn't")
    parser.add_argument("--every", type=float, default=0.01, help="seconds, HTTP")
    parser.add_argument("--every-slow", type=float, default=0.1, help="seconds, the other lanes")
    parser.add_argument("--give-up", type=float, default=0.9, help="seconds, below TCP's first retransmission")
    parser.add_argument("--for", dest="seconds", type=float, default=60.0, help="seconds at most")
    options = parser.parse_args()
    os.set_blocking(1, False)
    gc.disable()  # nothing here is cyclic, and a collection would delay a send
    probe = Probe(options, above_others())
    signal.signal(signal.SIGTERM, probe.stop)
    signal.signal(signal.SIGINT, probe.stop)
    probe.run()
    os.set_blocking(1, True)
    probe.flush()


if __name__ == "__main__":
    main()
