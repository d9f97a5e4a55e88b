"""A machine's disk: an overlay on the image, with what makes this machine itself written before it boots."""

from __future__ import annotations

import subprocess
import uuid
from collections.abc import Sequence
from pathlib import Path

from runbook_lib.lab import syscalls
from runbook_lib.lab.folder import MachineFolder
from runbook_lib.lab.topology import MachineSpec


def make_key(path: Path, comment: str) -> str:
    """Write a fresh ed25519 key pair to `path` and `path`.pub; returns the public key, `ssh-ed25519 AAAA…`."""
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(path)],
        check=True,
        stdin=subprocess.DEVNULL,
    )
    kind, key, *_ = path.with_suffix(".pub").read_text().split()
    return f"{kind} {key}"


def mount_disk(folder: MachineFolder, lower: Sequence[Path]) -> None:
    """Mount the machine's overlay at `folder.root`; `lower` from the topmost layer down to the image."""
    for path in (folder.upper, folder.work, folder.root):
        path.mkdir(parents=True, exist_ok=True)
    folder.upper.chmod(0o755)  # the mode of the machine's /
    layers = ":".join(str(path) for path in lower)
    syscalls.mount(
        "overlay", folder.root, "overlay", data=f"lowerdir={layers},upperdir={folder.upper},workdir={folder.work}"
    )


def make_identity(root: Path, machine: MachineSpec, authorized_key: str) -> str:
    """Write name, machine id, host key and the lab's SSH key onto a disk; returns the public host key.

    All before boot: then the key can be pinned, and nothing is left for a first boot to do.
    """
    # The file, not nspawn's --hostname=: systemd inside sets the kernel's name from it.
    (root / "etc/hostname").write_text(f"{machine.name}\n")
    _replace(root / "etc/machine-id", f"{uuid.uuid4().hex}\n")
    folder = root / "root/.ssh"
    folder.mkdir(mode=0o700, exist_ok=True)
    (folder / "authorized_keys").write_text(f"{authorized_key}\n")
    key = root / "etc/ssh/ssh_host_ed25519_key"
    key.unlink(missing_ok=True)
    return make_key(key, machine.name)


def _replace(path: Path, content: str) -> None:
    path.unlink(missing_ok=True)  # it may be a link, or read-only
    path.write_text(content)
