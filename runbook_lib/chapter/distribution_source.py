"""A package's upstream archive from the controller's own distribution, through an apt configuration of its own.

Only the orig tarball is asked for: a mirror may lack the packaging part. Works as an ordinary user; the machine's own
package lists and sources stay as they are.
"""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from runbook_lib.artifacts import sha256_of
from runbook_lib.errors import ArtifactError

UPDATE_WITHIN_S = 180
_FORMAT = "$(REPO_URI) $(RELEASE) $(COMPONENT)"
_URI = re.compile(r"^'[^']+' (?P<name>\S+\.orig\.tar\.\w+) \d+ SHA256:(?P<sha256>[0-9a-f]{64})$", re.MULTILINE)


@dataclass(frozen=True)
class Orig:
    """An upstream archive that the distribution carries."""

    name: str
    sha256: str


def cached_source(package: str, cache: Path) -> Path | None:
    """The newest archive that an earlier call brought and that is still what its hash says; None: none."""
    found = sorted(cache.glob(f"distribution/*/{package}_*.orig.tar.*"), key=lambda path: path.stat().st_mtime)
    return next((path for path in reversed(found) if sha256_of(path) == path.parent.name), None)


def fetch_source(package: str, cache: Path) -> Path:
    """Bring the package's orig tarball to the cache, compared with what apt's signed lists say.

    Raises ArtifactError when this machine has no apt, no mirror, or the mirror no such source.
    """
    if shutil.which("apt-get") is None:
        raise ArtifactError("this machine has no apt to ask for the distribution's source package")
    with tempfile.TemporaryDirectory(prefix="runbook-apt-") as folder:
        return _fetch(package, cache, Path(folder))


def _fetch(package: str, cache: Path, folder: Path) -> Path:
    lines = parse_sources(_run(("apt-get", "indextargets", "--format", _FORMAT, "Created-By: Packages"), folder))
    options = _private_apt(folder, lines)
    # Its status also tells of a mirror among several that failed; whether ours answered shows in the next command.
    _run(("apt-get", *options, "-q", "update"), folder, normal=(0, 100))
    orig = parse_orig(_run(("apt-get", *options, "-q", "source", "--print-uris", package), folder))
    _run(("apt-get", *options, "-q", "source", "--download-only", "--tar-only", package), folder)
    brought = folder / orig.name
    if not brought.is_file() or sha256_of(brought) != orig.sha256:
        raise ArtifactError(f"the mirror's {orig.name} is not what its signed list says")
    place = cache / "distribution" / orig.sha256 / orig.name
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_name(f"{place.name}.{folder.name}")
    shutil.copyfile(brought, part)
    part.replace(place)
    return place


def parse_sources(targets: str) -> str:
    """deb-src lines for the `main` part of the release that this machine's apt is set to. Pure.

    Updates and security suites are left out: they hold packages, and upstream's archive is the release's.
    """
    rows = [row for line in targets.splitlines() if len(row := line.split()) == 3]
    lines = [f"deb-src {uri} {suite} main\n" for uri, suite, part in rows if part == "main" and "-" not in suite]
    return "".join(dict.fromkeys(lines))


def parse_orig(printed: str) -> Orig:
    """The orig tarball among what `apt-get source --print-uris` printed. Pure. Raises ArtifactError."""
    found = _URI.search(printed)
    if found is None:
        raise ArtifactError("the distribution's mirror names no source package with a SHA-256")
    return Orig(found["name"], found["sha256"])


def _private_apt(folder: Path, lines: str) -> tuple[str, ...]:
    (folder / "sources.list").write_text(lines, encoding="utf-8")
    (folder / "lists" / "partial").mkdir(parents=True)
    (folder / "cache" / "archives" / "partial").mkdir(parents=True)
    # The distribution's own keyring only: others in that folder vouch for others' archives.
    keys = sorted(Path("/usr/share/keyrings").glob(f"{platform.freedesktop_os_release()['ID']}-archive-keyring.*"))
    (folder / "trusted").mkdir()
    for key in (*keys, *sorted(Path("/etc/apt/trusted.gpg.d").glob("*"))):
        if key.suffix in (".gpg", ".asc"):
            shutil.copy(key, folder / "trusted")
    settings = {
        "Dir::Etc::SourceList": folder / "sources.list",
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::Etc::TrustedParts": folder / "trusted",
        "Dir::State::Lists": folder / "lists",
        "Dir::Cache": folder / "cache",
        "APT::Sandbox::User": "",
        "Acquire::Retries": "0",
        "Acquire::http::Timeout": "5",
        "Acquire::https::Timeout": "5",
        "Acquire::Languages": "none",
    }
    return tuple(part for name, value in settings.items() for part in ("-o", f"{name}={value}"))


def _run(argv: tuple[str, ...], folder: Path, *, normal: tuple[int, ...] = (0,)) -> str:
    """stdout of a command of apt. Raises ArtifactError with its last word."""
    try:
        done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False, timeout=UPDATE_WITHIN_S)
    except subprocess.TimeoutExpired as error:
        raise ArtifactError(f"apt took more than {UPDATE_WITHIN_S} s") from error
    if done.returncode not in normal:
        said = [line for line in done.stderr.splitlines() if line.startswith("E:")] or [f"status {done.returncode}"]
        raise ArtifactError(f"apt says {said[-1].removeprefix('E: ')!r}")
    return done.stdout
