"""Chapter steps 1-2: which archive of keepalived is built. A given file, upstream's, or, loudly, a substitute."""

from __future__ import annotations

import re
import tarfile
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from runbook_lib.artifacts import is_file, sha256_of, user_cache
from runbook_lib.chapter.distribution_source import cached_source, fetch_source
from runbook_lib.chapter.download import download
from runbook_lib.errors import ArtifactError
from runbook_lib.site import Site

ADDRESS = "https://www.keepalived.org/software/keepalived-{version}.tar.gz"
UPSTREAM_SHA256 = {
    "2.1.5": "d94d7ccbc5c95ab39c95a0e5ae89a25a224f39b6811f2930d3a1885a69732259",
    "2.2.7": "c61940d874154a560a54627ecf7ef47adebdf832164368d10bf242a4d9b7d49d",
}
"""Of upstream's own release archives."""
PACKAGE = "keepalived"
_TOP = re.compile(r"^(?:\./)?keepalived-(\d+\.\d+\.\d+)/")


class Origin(StrEnum):
    """Where an archive came from."""

    GIVEN = "the file that was given"
    CACHE = "the cache"
    UPSTREAM = "upstream"
    DISTRIBUTION = "the distribution's source package"


@dataclass(frozen=True)
class Source:
    """An archive on the controller, ready to be built."""

    path: Path
    sha256: str
    version: str
    """As its top folder says."""
    origin: Origin
    warning: str
    """What is other than asked; empty: upstream's release of the version that was asked for."""

    def __str__(self) -> str:
        said = f"{self.path.name} from {self.origin}: keepalived {self.version}, SHA-256 {self.sha256}"
        return f"{said}\nWARNED: {self.warning}" if self.warning else said


def keepalived_source(model: Site, cache: Path | None = None) -> Source:
    """The archive to build, fetched when it is not here yet: at most some seconds until it is known to be out of reach.

    Raises ArtifactError: not what the stated SHA-256 says, not an archive of keepalived, or not to be had.
    """
    cache = cache or user_cache()
    here = local_source(model, cache)
    if here is not None:
        return here
    sha256 = expected_sha256(model)
    address = ADDRESS.format(version=model.keepalived.version)
    if sha256 is None:
        raise ArtifactError(
            f"No SHA-256 is known for keepalived {model.keepalived.version}, so a download could not be judged.",
            "State keepalived.sha256, or give the archive with keepalived.archive.",
        )
    path = cache / f"keepalived-{model.keepalived.version}.tar.gz"
    try:
        download(address, path, sha256)
    except OSError as error:
        return _substitute(model, cache, f"{address} can't be reached ({getattr(error, 'reason', None) or error})")
    return _source(model, path, Origin.UPSTREAM)


def local_source(model: Site, cache: Path | None = None) -> Source | None:
    """The archive when it needs no network: the given file, or the cached one. None: it has to be fetched.

    Raises ArtifactError for a given file that is missing, is no archive, or is not what the stated SHA-256 says.
    """
    if model.keepalived.archive is not None:
        return _given(model, Path(model.keepalived.archive))
    path = (cache or user_cache()) / f"keepalived-{model.keepalived.version}.tar.gz"
    if is_file(path) and sha256_of(path) == expected_sha256(model):
        return _source(model, path, Origin.CACHE)
    return None


def cached_substitute(model: Site, cache: Path | None = None) -> Source | None:
    """The distribution's source where the site allows it and an earlier run brought it."""
    if not model.may_substitute or model.keepalived.sha256 is not None or model.keepalived.archive is not None:
        return None
    path = cached_source(PACKAGE, cache or user_cache())
    return _source(model, path, Origin.DISTRIBUTION) if path else None


def expected_sha256(model: Site) -> str | None:
    """What an archive that is not given as a file must be: as stated, else as upstream's release. Pure."""
    return model.keepalived.sha256 or UPSTREAM_SHA256.get(model.keepalived.version)


def _given(model: Site, path: Path) -> Source:
    if not is_file(path):
        raise ArtifactError(f"keepalived.archive: there is no file {path}.", "Give the path of a source archive.")
    found = sha256_of(path)
    stated = model.keepalived.sha256
    if stated is not None and found != stated:
        raise ArtifactError(
            f"{path.name} has SHA-256 {found}, not {stated} as keepalived.sha256 says.",
            "Nothing was changed: give the archive that you mean, or correct keepalived.sha256.",
        )
    return _source(model, path, Origin.GIVEN)


def _substitute(model: Site, cache: Path, why: str) -> Source:
    """The distribution's source, where the site allows it. Raises ArtifactError naming all that was tried."""
    version = model.keepalived.version
    todo = "Fetch the archive yourself and run again with -p keepalived.archive=FILE."
    if not model.may_substitute or model.keepalived.sha256 is not None:
        because = "a SHA-256 is stated" if model.may_substitute else "the site allows no substitute"
        raise ArtifactError(f"keepalived {version} can't be had: {why}, and {because}.", todo)
    try:
        path = cached_source(PACKAGE, cache) or fetch_source(PACKAGE, cache)
    except ArtifactError as error:
        raise ArtifactError(f"keepalived {version} can't be had: {why}, and {error.what}.", todo) from error
    return _source(model, path, Origin.DISTRIBUTION, f" because {why}")


def _source(model: Site, path: Path, origin: Origin, because: str = "") -> Source:
    version, sha256 = archive_version(path), sha256_of(path)
    return Source(path, sha256, version, origin, _warning(model, version, sha256, origin) + because)


def _warning(model: Site, version: str, sha256: str, origin: Origin) -> str:
    if origin is Origin.DISTRIBUTION:
        return f"keepalived {version} from {origin} stands in for {model.keepalived.version}"
    if version != model.keepalived.version:
        return f"the archive holds keepalived {version}, not {model.keepalived.version}"
    upstream = UPSTREAM_SHA256.get(version)
    if upstream is None:
        return f"upstream's SHA-256 of keepalived {version} is not known here: not compared"
    return "" if sha256 == upstream else f"not upstream's release of keepalived {version} (its SHA-256 is another)"


def archive_version(path: Path) -> str:
    """The version in an archive's top folder. Raises ArtifactError when it is no source archive of keepalived."""
    try:
        with tarfile.open(path) as archive:
            names = archive.getnames()
    except (tarfile.TarError, OSError, EOFError) as error:
        raise ArtifactError(
            f"{path.name} can't be read as an archive: {' '.join(str(error).split())}.", "Give a whole .tar.gz."
        ) from error
    top = _TOP.match(next((name for name in names if "/" in name), ""))
    if top is None:
        raise ArtifactError(f"{path.name} is no source archive of keepalived.", "Give keepalived-X.Y.Z.tar.gz.")
    if not any(name.removeprefix("./") == f"keepalived-{top[1]}/configure" for name in names):
        raise ArtifactError(
            f"{path.name} has no configure script: it was made from the version control, not released.",
            "Give upstream's release archive, or run ./build_setup in the tree before packing it.",
        )
    return top[1]
