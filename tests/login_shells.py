"""Login shells that a fresh machine lacks, on a machine of a lab; users of each, and noise in their start files."""

from __future__ import annotations

import io
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runbook_lib.artifacts import user_cache
from runbook_lib.hosts import Host
from runbook_lib.lab.apt_sources import debian_sources

RELEASE = "bookworm"
KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"
PACKAGES = ("zsh", "zsh-common", "tcsh", "fish", "fish-common", "libpcre2-32-0")
START_FILES = {  # that a shell which is given one command reads; for dash it is sshd that runs one
    "bash": ".bashrc",
    "dash": ".ssh/rc",
    "zsh": ".zshenv",
    "tcsh": ".tcshrc",
    "fish": ".config/fish/config.fish",
}
PASSWORD = "corr'ect horse"
PRECIOUS = "/srv/precious"
_SAID = f"Nightly backups of this machine are in {PRECIOUS} today"
NOISE = {
    "a line": f"echo {_SAID}",
    "no newline": f"printf '{_SAID}'",
    "1 MB": f"yes {_SAID} | head -c 1000000",
}
"""By kind: what a shell prints on both streams when it starts."""
JOB = f"while echo {_SAID} && echo {_SAID} >&2; do sleep 0.01; done"
USERS = "root", "op"
"""Whose name is followed by the shell's: root with that login shell, and a user who may become root with a password."""

_MAKE = """
mkdir -p /opt/noise/home; groupadd -f noisy; echo '%%noisy ALL=(ALL) ALL' >/etc/sudoers.d/noisy
for s; do
  useradd -o -u 0 -g 0 -d /opt/noise/home/root-$s -m -s $(command -v $s) root-$s 2>/dev/null
  useradd -g noisy -d /opt/noise/home/op-$s -m -s $(command -v $s) op-$s
  printf '%%s:%%s\\n' op-$s "$PASSWORD" | chpasswd
  for u in root-$s op-$s; do
    h=/opt/noise/home/$u; mkdir -p $h/.ssh $h/.config/fish; cp /root/.ssh/authorized_keys $h/.ssh/; chown -R $u: $h
  done
done
"""
_REMOVE = """
for s; do for u in root-$s op-$s; do sed -i "/^$u:/d" /etc/passwd /etc/shadow; done; done
groupdel noisy; rm -r /opt/noise /etc/sudoers.d/noisy; """


def install_shells(host: Host) -> None:
    """Put zsh, tcsh and fish on the machine."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as packed:
        for package in _packages():
            packed.add(package, package.name)
    # By force: what is not here (man-db) no shell needs.
    install = 'cd "$(mktemp -d)" && tar -x && dpkg --force-depends --install *.deb >&2 && rm -r "$PWD"'
    host.run(install, stdin=archive.getvalue()).check()


@contextmanager
def login_shells(host: Host) -> Iterator[None]:
    """The shells and their users are on the machine."""
    install_shells(host)
    host.run(f"PASSWORD=%s; set -- {' '.join(START_FILES)}; {_MAKE}", PASSWORD).check()
    for kind, says in NOISE.items():
        host.write_file(f"/opt/noise/{kind}", f"{says}; {says} >&2\n".encode())
    host.write_file("/opt/noise/job", f"{JOB}\n".encode())
    try:
        yield
    finally:
        host.run(f"set -- {' '.join(START_FILES)}; {_REMOVE} dpkg --force-depends --purge {' '.join(PACKAGES)}").check()


def write_start_file(host: Host, user: str, text: str) -> None:
    """Make `text` the start file of a user `op-zsh`: as its owner would, so that its shell reads it."""
    host.write_file(f"/opt/noise/home/{user}/{START_FILES[user.partition('-')[2]]}", f"{text}\n".encode())


def _packages() -> list[Path]:
    """The packages, from the Debian mirror of this machine's apt; kept."""
    kept = user_cache() / f"login-shells-{RELEASE}"
    if not kept.is_dir():
        with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
            _download(Path(folder))
            made = Path(folder, "packages")
            if not kept.is_dir():
                made.rename(kept)
    return sorted(kept.glob("*.deb"))


def _download(folder: Path) -> None:
    for name in ("lists/partial", "cache/archives/partial", "packages"):
        (folder / name).mkdir(parents=True)
    (folder / "sources.list").write_text(debian_sources(RELEASE))
    settings = {
        "Dir::Etc::SourceList": folder / "sources.list",
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::Etc::Trusted": KEYS,
        "Dir::State::Lists": folder / "lists",
        "Dir::Cache": folder / "cache",
        "APT::Sandbox::User": "",
        "Acquire::Languages": "none",
    }
    options = [part for name, value in settings.items() for part in ("-o", f"{name}={value}")]
    for command in (("update",), ("download", *PACKAGES)):
        subprocess.run(("apt-get", "-q", *options, *command), cwd=folder / "packages", capture_output=True, check=True)
