"""Ask for one page through the VIP every few milliseconds; write down when each request went out and what came back.

Runs on the observer, alone, with the standard library of Python 3.6 or newer. Open loop: a slow answer never delays the
next request, and each request gives up on its own, below TCP's first retransmission (1 s): so an answer belongs to the
moment at which its request was sent. One thread, one connection a request.

Standard output, times in microseconds since the start:

    # runbook http probe 1 start_unix_us=…
    seq,sent,late,done,kind,entry

`late`: how long after its planned moment a request was sent; `kind`: ok, timeout, refused, reset, unreachable, closed,
status-NNN, or local-ERRNO where this machine itself could not send; `entry`: the X-Entry header, who answered.
It ends after --for seconds, on SIGTERM, or when nobody reads any more.
"""

import argparse
import collections
import errno
import gc
import os
import selectors
import signal
import socket
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


class Request:
    """One request on its way."""

    __slots__ = ("answer", "done", "late", "sent", "seq", "sock")

    def __init__(self, seq: int, sent: float, late: float) -> None:
        self.seq = seq
        self.sent = sent
        self.late = late
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        self.answer = b""
        self.done = False


class Probe:
    """The loop: send what is due, take what came, give up what is too old."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.target = (options.address, options.port)
        self.every, self.give_up = options.every, options.give_up
        page = f"GET {options.path} HTTP/1.1\r\nHost: {options.address}\r\nConnection: close\r\n\r\n"
        self.page = page.encode("ascii")
        self.selector = selectors.DefaultSelector()
        self.flying: collections.deque[Request] = collections.deque()
        self.output = b""
        self.stopped = False
        self.start = time.monotonic()
        self.last = self.start + options.seconds
        self.say(f"# runbook http probe 1 start_unix_us={int(time.time() * 1e6)}")
        self.say("seq,sent,late,done,kind,entry")

    def run(self) -> None:
        """Probe until the time is up or SIGTERM came, then wait for what is still on its way."""
        seq, planned = 0, self.start + self.every
        while True:
            now = time.monotonic()
            sending = now < self.last and not self.stopped
            if sending and now >= planned:
                self.send(seq, now, now - planned)
                seq += 1
                planned = max(planned + self.every, now - STALL_S)
            self.expire(now)
            self.flush()
            if not sending and not self.flying:
                return
            wake = planned if sending else now + self.every
            for key, _ in self.selector.select(max(0.0, wake - time.monotonic())):
                self.advance(key.data)

    def stop(self, *_: object) -> None:
        """Send nothing more."""
        self.stopped = True

    def send(self, seq: int, now: float, late: float) -> None:
        """Open a connection for one more request."""
        request = Request(seq, now, late)
        self.flying.append(request)
        status = request.sock.connect_ex(self.target)
        if status in (0, errno.EINPROGRESS):
            self.selector.register(request.sock, selectors.EVENT_WRITE, request)
        else:
            self.finish(request, KINDS.get(status, "local-" + errno.errorcode.get(status, str(status))))

    def advance(self, request: Request) -> None:
        """The socket of a request is ready: connected, or more of the answer is there."""
        try:
            if self.selector.get_key(request.sock).events == selectors.EVENT_WRITE:
                status = request.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if status:
                    raise OSError(status, "connect")
                request.sock.send(self.page)
                self.selector.modify(request.sock, selectors.EVENT_READ, request)
                return
            part = request.sock.recv(4096)
        except OSError as error:
            self.finish(request, KINDS.get(error.errno or 0, "reset"))
            return
        request.answer += part
        if b"\r\n\r\n" in request.answer:
            self.finish(request, *read_answer(request.answer))
        elif not part:
            self.finish(request, "closed")

    def expire(self, now: float) -> None:
        """Give up the requests that are too old; they stand in the order in which they were sent."""
        while self.flying and (self.flying[0].done or now - self.flying[0].sent >= self.give_up):
            request = self.flying.popleft()
            if not request.done:
                self.finish(request, "timeout")

    def finish(self, request: Request, kind: str, entry: str = "") -> None:
        """Close the connection and write the line."""
        request.done = True
        if request.sock in self.selector.get_map():
            self.selector.unregister(request.sock)
        request.sock.close()
        sent, done = request.sent - self.start, time.monotonic() - self.start
        times = f"{int(sent * 1e6)},{int(request.late * 1e6)},{int(done * 1e6)}"
        self.say(f"{request.seq},{times},{kind},{entry}")

    def say(self, line: str) -> None:
        """Queue a line for standard output."""
        self.output += line.encode("ascii") + b"\n"

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


def main() -> None:
    """Parse the options and probe."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--address", required=True)
    parser.add_argument("--port", type=int, default=80)
    parser.add_argument("--path", default="/entry")
    parser.add_argument("--every", type=float, default=0.01, help="seconds")
    parser.add_argument("--give-up", type=float, default=0.9, help="seconds, below TCP's first retransmission")
    parser.add_argument("--for", dest="seconds", type=float, default=60.0, help="seconds at most")
    options = parser.parse_args()
    os.set_blocking(1, False)
    gc.disable()  # nothing here is cyclic, and a collection would delay a send
    # No priority above the nodes': in the lab all share the processors, and a late send is how an overload shows.
    probe = Probe(options)
    signal.signal(signal.SIGTERM, probe.stop)
    signal.signal(signal.SIGINT, probe.stop)
    probe.run()
    os.set_blocking(1, True)
    probe.flush()


if __name__ == "__main__":
    main()
