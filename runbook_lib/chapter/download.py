"""Fetch one file over HTTP(S) to the controller, compared with its SHA-256: whole or not at all, and soon."""

from __future__ import annotations

import hashlib
import http.client
import os
import queue
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

from runbook_lib.errors import ArtifactError

ANSWER_WITHIN_S = 6.0
"""For name, connection and the first byte together; a resolver alone can hang for half a minute."""
STALL_S = 5.0
WHOLE_WITHIN_S = 120.0


def download(address: str, path: Path, sha256: str) -> None:
    """Bring `address` to `path`, whole or not at all. Raises OSError: not brought; ArtifactError: another content."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=path.name, delete=False) as part:
        try:
            try:
                content = _read(address)
            except http.client.HTTPException as error:  # torn, or no HTTP at all
                raise ConnectionError(f"no whole HTTP answer: {error!r}") from error
            found = hashlib.sha256(content).hexdigest()
            if found != sha256:
                raise ArtifactError(
                    f"{address} brought a file with SHA-256 {found}, not {sha256}.",
                    "Nothing was built: fetch the archive yourself and state keepalived.archive and keepalived.sha256.",
                )
            part.write(content)
            part.flush()
            os.fsync(part.fileno())
            Path(part.name).replace(path)
        finally:
            Path(part.name).unlink(missing_ok=True)


def _read(address: str) -> bytes:
    answer = _open(address)
    deadline = time.monotonic() + WHOLE_WITHIN_S
    content = bytearray()
    with answer:
        while chunk := answer.read(1 << 16):
            content += chunk
            if time.monotonic() > deadline:
                raise TimeoutError(f"not whole within {WHOLE_WITHIN_S:g} s")
        if answer.length:  # what Content-Length promised and did not come; read() in pieces does not complain
            raise ConnectionError(f"it ended {answer.length} bytes early")
    return bytes(content)


def _open(address: str) -> http.client.HTTPResponse:
    """The answer, in time: opened in a thread that is left behind when it hangs in the resolver."""
    came: queue.Queue[http.client.HTTPResponse | OSError | http.client.HTTPException] = queue.Queue()

    def work() -> None:
        try:
            came.put(urllib.request.urlopen(address, timeout=STALL_S))
        except (OSError, http.client.HTTPException) as error:
            came.put(error)

    threading.Thread(target=work, daemon=True).start()
    try:
        answer = came.get(timeout=ANSWER_WITHIN_S)
    except queue.Empty:
        raise TimeoutError(f"no answer within {ANSWER_WITHIN_S:g} s") from None
    if isinstance(answer, Exception):
        raise answer
    return answer
