"""Whether a machine is the one that was meant: its host key against a pinned one, a fingerprint, or known_hosts."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from runbook_lib.errors import HostKeyError
from runbook_lib.hosts.endpoint import Endpoint

KNOWN_HOSTS = (Path("~/.ssh/known_hosts"), Path("/etc/ssh/ssh_known_hosts"))
SSH_PORT = 22


@dataclass(frozen=True)
class HostKey:
    """A public host key: `kind` as in `ssh-ed25519`, the key itself as SSH sends it."""

    kind: str
    blob: bytes

    @property
    def fingerprint(self) -> str:
        """`SHA256:…`, as `ssh-keygen -l` prints it."""
        return "SHA256:" + base64.b64encode(hashlib.sha256(self.blob).digest()).decode().rstrip("=")

    def __str__(self) -> str:
        return f"{self.fingerprint} ({self.kind})"


@dataclass(frozen=True)
class Vouchers:
    """What may vouch for one machine: the keys that are known for it, and those that are revoked."""

    keys: tuple[HostKey, ...] = ()
    revoked: tuple[HostKey, ...] = ()


def parse_key(text: str) -> HostKey | None:
    """The key of `ssh-ed25519 AAAA… comment`; None when it is none. Pure."""
    try:
        kind, encoded = text.split()[:2]
        return HostKey(kind, base64.b64decode(encoded, validate=True))
    except (ValueError, binascii.Error):
        return None


def vouchers(endpoint: Endpoint) -> Vouchers:
    """What is known of a machine before it is asked."""
    if endpoint.host_key is not None:
        pinned = parse_key(endpoint.host_key)
        return Vouchers((pinned,) if pinned else ())
    if endpoint.fingerprint is not None:
        return Vouchers()
    files = [file.expanduser() for file in KNOWN_HOSTS]
    text = "\n".join(file.read_text(errors="replace") for file in files if file.is_file())
    return parse_known_hosts(text, endpoint.host, endpoint.port)


def parse_known_hosts(text: str, host: str, port: int) -> Vouchers:
    """The keys that known_hosts has for a machine (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT). Pure.

    Under another port than 22 a machine is `[host]:port`, else its bare name counts, as OpenSSH does it.
    """
    lines = tuple(_entries(text))
    for name in (known_name(host, port), host.lower()):
        keys = tuple(key for marker, patterns, key in lines if marker == "" and _matches(patterns, name))
        revoked = tuple(key for marker, patterns, key in lines if marker == "@revoked" and _matches(patterns, name))
        if keys or revoked:
            return Vouchers(keys, revoked)
    return Vouchers()


def known_name(host: str, port: int) -> str:
    """What known_hosts calls a machine."""
    return host.lower() if port == SSH_PORT else f"[{host.lower()}]:{port}"


def judge(endpoint: Endpoint, seen: HostKey, known: Vouchers) -> None:
    """Return when `seen` is the machine's key. Raises HostKeyError, which says what was seen and the cure. Pure."""
    where = f"{endpoint.name} ({endpoint.host} port {endpoint.port}) shows the host key {seen}"
    on_the_machine = f"Compare it on the machine itself (ssh-keygen -lf {_key_file(seen)})"
    if seen in known.revoked:
        raise HostKeyError(f"{where}, which known_hosts marks as revoked.", "Find out who answers there.")
    if endpoint.host_key is not None:
        if seen not in known.keys:
            pinned = ", ".join(str(key) for key in known.keys) or "key, which can't be read"
            raise HostKeyError(f"{where}, not the pinned {pinned}.", "Another machine answers there: find out which.")
    elif endpoint.fingerprint is not None:
        if seen.fingerprint != endpoint.fingerprint:
            cure = f"{on_the_machine}; if it is right, correct ssh.fingerprint of {endpoint.name}."
            raise HostKeyError(f"{where}, but the parameters say {endpoint.fingerprint}.", cure)
    elif not known.keys:
        cure = f"{on_the_machine}, then state it as ssh.fingerprint of {endpoint.name}, or ssh there once by hand."
        raise HostKeyError(f"{where}, which is not known here.", cure)
    elif seen not in known.keys:
        name = known_name(endpoint.host, endpoint.port)
        cure = f"{on_the_machine}; if it was made anew: ssh-keygen -R '{name}', then ssh there once by hand."
        raise HostKeyError(f"{where}, but known_hosts says {', '.join(str(key) for key in known.keys)}.", cure)


def _key_file(key: HostKey) -> str:
    middle = key.kind.removeprefix("ssh-").partition("-")[0]
    return f"/etc/ssh/ssh_host_{middle}_key.pub"


def _entries(text: str) -> Iterator[tuple[str, str, HostKey]]:
    """Marker (or nothing), host patterns and key of each line that has a key."""
    for line in text.splitlines():
        words = line.split()
        marker = words.pop(0) if line.lstrip().startswith("@") else ""
        if words and not words[0].startswith("#") and (key := parse_key(" ".join(words[1:]))):
            yield marker, words[0], key


def _matches(patterns: str, name: str) -> bool:
    """Whether one of the patterns names the machine, and none with a `!` does."""
    found = False
    for pattern in patterns.split(","):
        negated = pattern.startswith("!")
        if _is_name(pattern.removeprefix("!"), name):
            if negated:
                return False
            found = True
    return found


def _is_name(pattern: str, name: str) -> bool:
    if pattern.startswith("|1|"):
        return _is_hash_of(pattern, name)
    expression = re.escape(pattern.lower()).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, name) is not None


def _is_hash_of(hashed: str, name: str) -> bool:
    """`|1|salt|HMAC-SHA1 of the name`, both in base64 (HashKnownHosts of ssh_config(5))."""
    try:
        salt, digest = (base64.b64decode(part) for part in hashed.split("|")[2:4])
    except ValueError:
        return False
    return hmac.compare_digest(hmac.new(salt, name.encode(), hashlib.sha1).digest(), digest)
