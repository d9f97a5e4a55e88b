from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import replace
from pathlib import Path

import pytest

from runbook_lib.errors import HostKeyError
from runbook_lib.hosts import Endpoint
from runbook_lib.hosts import host_keys as module
from runbook_lib.hosts.host_keys import HostKey, Vouchers, judge, parse_key, parse_known_hosts, vouchers

# Made with ssh-keygen -t ed25519; the fingerprint is what `ssh-keygen -lf` says of it.
TEXT = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHZoF1ubbEtt0QcHgrfTxFQ1KOupDoGV0uJEReJTsTJ3"
KEY = HostKey("ssh-ed25519", base64.b64decode(TEXT.split()[1]))
RSA = HostKey("ssh-rsa", b"another")
RSA_TEXT = f"ssh-rsa {base64.b64encode(RSA.blob).decode()}"
ENDPOINT = Endpoint("node128", "192.0.2.8", 2222)
SEEN = f"node128 (192.0.2.8 port 2222) shows the host key {RSA}"
COMPARE = "Compare it on the machine itself (ssh-keygen -lf /etc/ssh/ssh_host_rsa_key.pub)"


def hashed(name: str, salt: bytes = b"01234567890123456789") -> str:
    digest = hmac.new(salt, name.encode(), hashlib.sha1).digest()
    return f"|1|{base64.b64encode(salt).decode()}|{base64.b64encode(digest).decode()}"


def test_a_key_is_parsed_and_shown_as_ssh_keygen_does() -> None:
    assert parse_key(f"{TEXT} root@node128\n") == KEY
    expected = base64.b64encode(hashlib.sha256(KEY.blob).digest()).decode().rstrip("=")
    assert str(KEY) == f"SHA256:{expected} (ssh-ed25519)"


@pytest.mark.parametrize("text", ["", "ssh-ed25519", "ssh-ed25519 ???", "not a key at all"])
def test_what_is_no_key_is_none(text: str) -> None:
    assert parse_key(text) is None


@pytest.mark.parametrize(
    ("patterns", "host", "port"),
    [
        ("node128", "node128", 22),
        ("NODE128", "Node128", 22),
        ("other,node128,192.0.2.8", "192.0.2.8", 22),
        ("[node128]:2222", "node128", 2222),
        ("node128", "node128", 2222),
        ("node*", "node128", 22),
        ("node12?", "node128", 22),
        ("*,!node129", "node128", 22),
        (hashed("node128"), "node128", 22),
        (hashed("[node128]:2222"), "node128", 2222),
    ],
)
def test_known_hosts_names_a_machine(patterns: str, host: str, port: int) -> None:
    assert parse_known_hosts(f"{patterns} {TEXT} comment", host, port) == Vouchers((KEY,))


@pytest.mark.parametrize(
    "line",
    [
        f"node129 {TEXT}",
        f"[node128]:2222 {TEXT}",
        f"node128,!node128 {TEXT}",
        f"#node128 {TEXT}",
        f"@cert-authority node128 {TEXT}",
        f"{hashed('node129')} {TEXT}",
        f"|1|broken {TEXT}",
        "node128 ssh-ed25519 ???",
        "node128",
        "\x00\ufffd",
        "",
    ],
)
def test_any_other_line_does_not(line: str) -> None:
    assert parse_known_hosts(line, "node128", 22) == Vouchers()


def test_the_name_with_its_port_comes_before_the_bare_name() -> None:
    text = f"node128 {RSA_TEXT}\n[node128]:2222\t{TEXT}\n"
    assert parse_known_hosts(text, "node128", 2222) == Vouchers((KEY,))


def test_revoked_keys_are_known_as_such() -> None:
    text = f"node128 {TEXT}\n@revoked * {RSA_TEXT}\n"
    assert parse_known_hosts(text, "node128", 22) == Vouchers((KEY,), revoked=(RSA,))


def test_both_known_hosts_files_are_read_whatever_is_in_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine, everybodys = tmp_path / "mine", tmp_path / "everybodys"
    mine.write_bytes(b"\xff\xfe not UTF-8\n")
    everybodys.write_text(f"[192.0.2.8]:2222 {TEXT}\n")
    monkeypatch.setattr(module, "KNOWN_HOSTS", (mine, everybodys, tmp_path / "absent"))
    assert vouchers(ENDPOINT) == Vouchers((KEY,))


def test_a_pinned_key_alone_counts() -> None:
    endpoint = replace(ENDPOINT, host_key=TEXT)
    judge(endpoint, KEY, vouchers(endpoint))
    with pytest.raises(HostKeyError) as caught:
        judge(endpoint, RSA, vouchers(endpoint))
    assert str(caught.value) == f"{SEEN}, not the pinned {KEY}. Another machine answers there: find out which."


def test_a_pinned_key_that_cannot_be_read_vouches_for_nothing() -> None:
    endpoint = replace(ENDPOINT, host_key="broken")
    with pytest.raises(HostKeyError, match="not the pinned key, which can't be read"):
        judge(endpoint, RSA, vouchers(endpoint))


def test_a_fingerprint_counts() -> None:
    endpoint = replace(ENDPOINT, fingerprint=KEY.fingerprint)
    judge(endpoint, KEY, vouchers(endpoint))
    with pytest.raises(HostKeyError) as caught:
        judge(endpoint, RSA, vouchers(endpoint))
    assert str(caught.value) == (
        f"{SEEN}, but the parameters say {KEY.fingerprint}. "
        f"{COMPARE}; if it is right, correct ssh.fingerprint of node128."
    )


def test_a_key_of_known_hosts_counts() -> None:
    judge(ENDPOINT, KEY, Vouchers((RSA, KEY)))
    with pytest.raises(HostKeyError) as caught:
        judge(ENDPOINT, RSA, Vouchers((KEY,)))
    assert str(caught.value) == (
        f"{SEEN}, but known_hosts says {KEY}. {COMPARE}; if it was made anew: "
        "ssh-keygen -R '[192.0.2.8]:2222', then ssh there once by hand."
    )


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(HostKeyError) as caught:
        judge(ENDPOINT, RSA, Vouchers())
    assert str(caught.value) == (
        f"{SEEN}, which is not known here. {COMPARE}, "
        "then state it as ssh.fingerprint of node128, or ssh there once by hand."
    )


def test_a_revoked_key_is_refused_even_when_it_is_known() -> None:
    with pytest.raises(HostKeyError) as caught:
        judge(ENDPOINT, RSA, Vouchers((RSA,), revoked=(RSA,)))
    assert str(caught.value) == f"{SEEN}, which known_hosts marks as revoked. Find out who answers there."
