"""The official archive of the Nacos server, given as a local file: the jars inside its one jar, taken out and compared.

So the layer is made, and a member started, in one way wherever the jars come from.
"""

from __future__ import annotations

import shutil
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from runbook_lib.artifacts import is_file, sha256_of
from runbook_lib.errors import ArtifactError
from runbook_lib.lab.build_progress import Progress
from runbook_lib.lab.jar_list import LIST, JarList, difference, hash_jars, parse_list, render_list
from runbook_lib.lab.lock import locked

SERVER_JAR = "nacos-server.jar"
_LIBRARIES, _CLASSES = "BOOT-INF/lib/", "BOOT-INF/classes/"


def unpack_archive(archive: Path, version: str, known: JarList, cache: Path, progress: Progress) -> Path:
    """The folder with the archive's jars and their list, found again by the archive's SHA-256.

    ArtifactError when the file is no such archive, holds another version, or holds a library of a name in `known`
    with another SHA-256. Nacos' own jars in it are taken on the giver's word: no list of these is published.
    Every jar is hashed at every call.
    """
    if not is_file(archive):
        raise ArtifactError(f"There is no file {archive}.", "Give the path of nacos-server-1.4.1.tar.gz or .zip.")
    digest = sha256_of(archive)
    folder = cache / f"nacos-archive-{digest[:12]}"
    if not folder.is_dir():
        waiting = f"Nacos {version}: its archive is being unpacked elsewhere, waiting"
        with locked(Path(f"{folder}.lock"), lambda: progress(waiting)):
            if not folder.is_dir():
                progress(f"Nacos {version}: unpacking {archive.name} (SHA-256 {digest})")
                _unpack(archive, folder, version, known)
    if wrong := difference(hash_jars(folder), parse_list((folder / LIST).read_text())):
        raise ArtifactError(f"Nacos' jars in {folder} can't be trusted: {wrong}.", f"Unpack them anew: rm -r {folder}")
    return folder


def _unpack(archive: Path, folder: Path, version: str, known: JarList) -> None:
    fresh = folder.with_name(f"{folder.name}.unpacking")
    shutil.rmtree(fresh, ignore_errors=True)  # a killed one's
    fresh.mkdir(parents=True)
    try:
        with tempfile.TemporaryFile() as server_jar:
            with _server_jar(archive) as packed:
                shutil.copyfileobj(packed, server_jar)
            take_out(server_jar, fresh, version)
        if wrong := difference_to_official(hash_jars(fresh), version, known):
            raise ArtifactError(
                f"{archive} is not the official Nacos {version}: {wrong}.",
                f"Give nacos-server-{version}.tar.gz or .zip.",
            )
        (fresh / LIST).write_text(render_list(hash_jars(fresh)))
        fresh.rename(folder)
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError) as error:
        raise ArtifactError(
            f"{archive} could not be read as an archive of the Nacos server: {error}.",
            f"Give nacos-server-{version}.tar.gz or .zip, whole as it was downloaded.",
        ) from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


@contextmanager
def _server_jar(archive: Path) -> Iterator[IO[bytes]]:
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as packed, packed.open(_only(packed.namelist())) as member:
            yield member
    else:
        with tarfile.open(archive) as packed_tar:
            extracted = packed_tar.extractfile(_only(packed_tar.getnames()))
            if extracted is None:
                raise ValueError(f"{SERVER_JAR} is not a file")
            with extracted:
                yield extracted


def _only(names: list[str]) -> str:
    found = [name for name in names if name.endswith(f"target/{SERVER_JAR}")]
    if len(found) != 1:
        raise ValueError(f"no target/{SERVER_JAR} in it")
    return found[0]


def take_out(server_jar: IO[bytes], folder: Path, version: str) -> None:
    """Write the jars inside a Spring Boot jar into the folder; its own classes and pages become nacos-console's."""
    with (
        zipfile.ZipFile(server_jar) as packed,
        zipfile.ZipFile(folder / f"nacos-console-{version}.jar", "w") as console,
    ):
        for member in packed.infolist():
            if member.filename.startswith(_LIBRARIES) and not member.is_dir():
                (folder / Path(member.filename).name).write_bytes(packed.read(member))
            elif inside := _below(_CLASSES, member.filename):  # folders too: Spring looks only below listed ones
                console.writestr(zipfile.ZipInfo(inside, member.date_time), packed.read(member))


def _below(folder: str, name: str) -> str:
    return name.removeprefix(folder) if name.startswith(folder) else ""


def difference_to_official(found: JarList, version: str, known: JarList) -> str:
    """The first thing that is not as in the official server, as a sentence's end; empty when all is well. Pure."""
    if f"nacos-core-{version}.jar" not in found:
        return f"it holds no nacos-core-{version}.jar"
    third_party = {name: digest for name, digest in found.items() if name in known and not name.startswith("nacos-")}
    return difference(third_party, {name: known[name] for name in third_party})
