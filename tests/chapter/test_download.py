from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from runbook_lib.artifacts import sha256_of
from runbook_lib.chapter import download as module
from runbook_lib.chapter.download import download
from runbook_lib.errors import ArtifactError

CONTENT = b"keepalived" * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/hangs":
            time.sleep(3)
            return
        if self.path == "/no-http":
            self.wfile.write(b"SSH-2.0-another\r\n")
            return
        if self.path == "/torn":
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"ff\r\nkeep")
            return
        self.send_response(404 if self.path == "/missing" else 200)
        self.send_header("Content-Length", str(len(CONTENT) + (10 if self.path == "/short" else 0)))
        self.end_headers()
        self.wfile.write(CONTENT)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.daemon_threads = True
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{made.server_port}"
    made.shutdown()
    made.server_close()


def test_whole_and_right(server: str, tmp_path: Path) -> None:
    download(f"{server}/archive", tmp_path / "cache" / "archive", SHA256)
    assert sha256_of(tmp_path / "cache" / "archive") == SHA256
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["archive"]


def test_another_content_is_an_error_and_not_kept(server: str, tmp_path: Path) -> None:
    with pytest.raises(ArtifactError) as raised:
        download(f"{server}/archive", tmp_path / "archive", "0" * 64)
    assert str(raised.value) == (
        f"{server}/archive brought a file with SHA-256 {SHA256}, not {'0' * 64}. "
        "Nothing was built: fetch the archive yourself and state keepalived.archive and keepalived.sha256."
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", ["missing", "short", "torn", "no-http"])
def test_what_does_not_come_whole_is_out_of_reach(server: str, path: str, tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"404|10 bytes early|no whole HTTP answer: (IncompleteRead|BadStatusLine)"):
        download(f"{server}/{path}", tmp_path / "archive", SHA256)
    assert list(tmp_path.iterdir()) == []


def test_silence_is_out_of_reach_soon(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ANSWER_WITHIN_S", 0.2)
    with pytest.raises(OSError, match=r"no answer within 0\.2 s"):
        download(f"{server}/hangs", tmp_path / "archive", SHA256)
