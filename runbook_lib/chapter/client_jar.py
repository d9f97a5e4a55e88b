"""The sample application as one jar, made with Maven on this machine from the package's own sources, once."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path

from runbook_lib.artifacts import user_cache
from runbook_lib.errors import ArtifactError

NAME = "nacos-consumer-sample"
BUILD_WITHIN_S = 600.0
REACH = "See that Maven reaches its repository."
_SOURCES = Path(__file__).parent / "data" / "client"


def sources_sha256() -> str:
    """The SHA-256 over every source file's path and content: what the jar is known by. Reads package data."""
    hasher = hashlib.sha256()
    for path in sorted(p for p in _SOURCES.rglob("*") if p.is_file()):
        hasher.update(f"{path.relative_to(_SOURCES).as_posix()}\0".encode() + path.read_bytes() + b"\0")
    return hasher.hexdigest()


def client_jar(cache: Path | None = None) -> Path:
    """The jar of these sources, built when it is not in the cache yet (half a minute). Raises ArtifactError."""
    jar = (cache or user_cache()) / f"{NAME}-{sources_sha256()[:12]}.jar"
    if not jar.is_file():
        jar.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="runbook-client-") as scratch:
            _build(Path(scratch) / "client", jar)
    return jar


def _build(folder: Path, jar: Path) -> None:
    shutil.copytree(_SOURCES, folder)
    command = ("mvn", "--batch-mode", "--quiet", "--file", str(folder / "pom.xml"), "package")
    try:
        ran = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=BUILD_WITHIN_S
        )
    except FileNotFoundError as error:
        raise ArtifactError(
            "Maven, which builds the sample application, is not installed here.", "Install Maven and a JDK."
        ) from error
    except subprocess.TimeoutExpired as error:
        raise ArtifactError(
            f"Maven did not build the sample application within {BUILD_WITHIN_S:.0f} s.", REACH
        ) from error
    if ran.returncode != 0:
        said = next((line for line in ran.stdout.splitlines() if line.startswith("[ERROR]")), "[ERROR] no word")
        reason = said.removeprefix("[ERROR]").partition(" -> [Help")[0].strip().rstrip(".")
        raise ArtifactError(
            f"Maven could not build the sample application: {reason}.", "See that Maven reaches its repository."
        )
    part = jar.with_suffix(".part")
    shutil.copyfile(folder / "target" / f"{NAME}.jar", part)
    part.replace(jar)
