"""The probe script, run as the observer runs it: alone, with the system's Python, against a server on loopback."""

from __future__ import annotations

import os
import signal
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from runbook_lib.failover.measuring.probe import PROBE_SCRIPT
from runbook_lib.failover.measuring.samples import Recording, parse_recording

GIVE_UP_S = 1.0
ANSWER = b"HTTP/1.1 %s\r\nX-Entry: node129\r\nContent-Length: 3\r\n\r\nhi\n"


@contextmanager
def serving(status: bytes | None) -> Iterator[int]:
    """A server on loopback that answers with `status`; None: it takes connections and says nothing."""
    silent = threading.Event()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.rfile.readline()
            if status is None:
                silent.wait(5)
            else:
                self.wfile.write(ANSWER % status)

    class Server(socketserver.ThreadingTCPServer):
        request_queue_size = 128
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        try:
            yield server.server_address[1]
        finally:
            silent.set()
            server.shutdown()


def probe(port: int, *, seconds: float = 1.0) -> Recording:
    options = ["--address", "127.0.0.1", "--port", str(port), "--for", str(seconds), "--give-up", str(GIVE_UP_S)]
    ran = subprocess.run([sys.executable, "-S", PROBE_SCRIPT, *options], capture_output=True, timeout=10, check=True)
    return parse_recording(ran.stdout.decode())


def test_every_request_is_written_down_with_who_answered() -> None:
    with serving(b"200 OK") as port:
        recording = probe(port)
    assert {(sample.kind, sample.entry) for sample in recording.samples} == {("ok", "node129")}
    assert [sample.seq for sample in recording.samples] == list(range(len(recording.samples)))
    assert len(recording.samples) > 10


def test_an_error_answer_keeps_its_status_and_its_entry() -> None:
    with serving(b"502 Bad Gateway") as port:
        recording = probe(port, seconds=0.05)
    assert {(sample.kind, sample.entry) for sample in recording.samples} == {("status-502", "node129")}


def test_a_port_where_nobody_listens_refuses() -> None:
    with serving(b"200 OK") as port:
        pass
    assert {sample.kind for sample in probe(port, seconds=0.05).samples} == {"refused"}


def test_a_silent_server_never_delays_the_next_request() -> None:
    with serving(None) as port:
        recording = probe(port, seconds=0.5)
    assert {sample.kind for sample in recording.samples} == {"timeout"}
    first, *_, last = recording.samples
    assert last.seq > 10
    assert last.sent_s < first.done_s  # all were on their way at once
    assert all(sample.done_s - sample.sent_s >= GIVE_UP_S for sample in recording.samples)


def test_it_ends_when_told_and_waits_for_what_is_on_its_way() -> None:
    with serving(b"200 OK") as port:
        options = ["--address", "127.0.0.1", "--port", str(port), "--for", "60"]
        running = subprocess.Popen([sys.executable, PROBE_SCRIPT, *options], stdout=subprocess.PIPE)
        assert running.stdout is not None
        first = b""
        while b"\nhttp," not in first:
            first += os.read(running.stdout.fileno(), 200)  # no buffer of ours: communicate() would not know of it
        running.send_signal(signal.SIGTERM)
        rest, _ = running.communicate(timeout=5)
    assert running.returncode == 0
    assert {sample.kind for sample in parse_recording((first + rest).decode()).samples} == {"ok"}


def test_it_ends_when_nobody_reads_any_more() -> None:
    with serving(b"200 OK") as port:
        options = ["--address", "127.0.0.1", "--port", str(port), "--for", "60"]
        running = subprocess.Popen([sys.executable, PROBE_SCRIPT, *options], stdout=subprocess.PIPE)
        assert running.stdout is not None
        running.stdout.close()
        assert running.wait(timeout=5) == 1
