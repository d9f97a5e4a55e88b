"""Where a machine's sshd is, and by what it is recognised."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from runbook_lib.outward import Secret


@dataclass(frozen=True)
class Endpoint:
    """One machine as SSH reaches it; the lab makes these for its machines, the site for real ones."""

    name: str
    """The machine's name in the site: `node128`."""
    host: str
    """Address or name to connect to (loopback for the lab's relay)."""
    port: int = 22
    user: str = "root"
    key_file: Path | None = None
    host_key: str | None = None
    """The pinned public key, `ssh-ed25519 AAAA…` (the lab); None: known_hosts or `fingerprint` decide."""
    fingerprint: str | None = None
    """`SHA256:…` of the host key, where the parameters state it."""
    password: Secret | None = field(default=None, repr=False)
    sudo: bool = False
    """Commands run through sudo (the user is not root)."""
    sudo_password: Secret | None = field(default=None, repr=False)
