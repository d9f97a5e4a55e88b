"""The jars of Nacos 1.4.1 on the user's side: fetched once, and compared with the recorded list at every call.

Nacos publishes no jars of its server. The ones fetched here are com.pig4cloud.nacos's republication (Apache-2.0): class
by class the same as the official tag 1.4.1. Whoever wants the official ones gives their archive as a local file.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

from runbook_lib.artifacts import user_cache
from runbook_lib.errors import ArtifactError
from runbook_lib.lab.build_progress import Paced, Progress
from runbook_lib.lab.jar_list import LIST, JarList, difference, hash_jars, parse_list, render_list
from runbook_lib.lab.lock import locked
from runbook_lib.lab.nacos_archive import unpack_archive

VERSION = "1.4.1"
_DATA = Path(__file__).parent / "data/nacos"


def ensure_jars(archive: Path | None, progress: Progress, *, cache: Path | None = None) -> Path:
    """The folder with Nacos' jars and their list, from the official `archive` if given, else from Maven (30 s, once).

    Every jar is hashed at every call (0.2 s). ArtifactError names the jar that is not the recorded one, and the cure.
    """
    cache = cache or user_cache()
    if archive is not None:
        return unpack_archive(archive, VERSION, recorded(), cache, progress)
    wanted = recorded()
    folder = cache / f"nacos-{VERSION}-{hashlib.sha256(render_list(wanted).encode()).hexdigest()[:12]}"
    if not folder.is_dir():
        waiting = f"Nacos {VERSION}: its jars are being fetched elsewhere, waiting"
        with locked(Path(f"{folder}.lock"), lambda: progress(waiting)):
            if not folder.is_dir():
                _fetch(folder, wanted, progress)
    if wrong := difference(hash_jars(folder), wanted):
        raise ArtifactError(f"Nacos' jars in {folder} can't be trusted: {wrong}.", f"Fetch them anew: rm -r {folder}")
    return folder


def recorded() -> JarList:
    """The jars that make up the server, with the SHA-256 that this project recorded."""
    return parse_list((_DATA / LIST).read_text())


def _fetch(folder: Path, wanted: JarList, progress: Progress) -> None:
    fresh = folder.with_name(f"{folder.name}.fetching")
    shutil.rmtree(fresh, ignore_errors=True)  # a killed one's
    try:
        _run_maven(fresh, len(wanted), progress)
        if wrong := difference(hash_jars(fresh), wanted):
            raise ArtifactError(
                f"Maven brought other jars than Nacos {VERSION}'s: {wrong}.",
                "Remove that jar from your Maven repository (~/.m2/repository) and try again.",
            )
        (fresh / LIST).write_text(render_list(wanted))
        fresh.rename(folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _run_maven(fresh: Path, expected: int, progress: Progress) -> None:
    paced = Paced(f"Nacos {VERSION}", progress)
    paced.tell(f"fetching {expected} jars with Maven, about half a minute (once; cached in {fresh.parent})")
    reason = ""
    fetched = 0
    with _maven(fresh) as process:
        for line in process.stdout or ():
            if line.startswith("[ERROR]"):  # the first says it; the others explain how to use Maven
                reason = reason or parse_reason(line)
            if "Downloaded from" in line:
                fetched += 1
                paced.count(f"{fetched} files fetched, Maven's own among them")
    if process.returncode != 0:
        raise ArtifactError(
            f"Maven could not fetch Nacos {VERSION}: {reason or f'it ended with {process.returncode}'}.",
            "See that Maven reaches its repository, or give the official archive: runbook lab up --nacos-archive FILE",
        )


def parse_reason(line: str) -> str:
    """What a line of Maven's says, without its marks and its full stop. Pure."""
    return line.removeprefix("[ERROR]").partition(" -> [Help")[0].strip().rstrip(".")


def _maven(fresh: Path) -> subprocess.Popen[str]:
    command = (
        *("mvn", "--batch-mode", "--file", str(_DATA / "pom.xml")),
        *("dependency:copy-dependencies", f"-DoutputDirectory={fresh}"),
    )
    try:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            errors="replace",
        )  # fmt: skip
    except FileNotFoundError as error:
        raise ArtifactError(
            "Maven, which fetches Nacos, is not installed here.", "Install it: sudo apt-get install maven"
        ) from error
