from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from runbook_lib.errors import ArtifactError
from runbook_lib.lab import nacos_jars
from runbook_lib.lab.nacos_jars import ensure_jars, recorded

JARS = {"nacos-console-1.4.1.jar": b"console", "gson-2.8.6.jar": b"gson"}
GSON = hashlib.sha256(b"gson").hexdigest()
OTHER = hashlib.sha256(b"tampered").hexdigest()


@pytest.fixture
def maven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `mvn` that copies JARS to where it is told; the script, to be replaced by one that doesn't."""
    monkeypatch.setattr(
        nacos_jars, "recorded", lambda: {name: hashlib.sha256(text).hexdigest() for name, text in JARS.items()}
    )
    writes = "".join(f'printf {text.decode()} > "$out/{name}"\n' for name, text in JARS.items())
    script = tmp_path / "bin/mvn"
    script.parent.mkdir()
    script.write_text(
        '#!/bin/sh\nfor each; do case $each in -DoutputDirectory=*) out="${each#*=}";; esac; done\n'
        f'echo ran >> "{tmp_path}/runs"\nmkdir -p "$out"\n{writes}'
    )
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{script.parent}:/usr/bin:/bin")
    return script


def fetch(tmp_path: Path) -> Path:
    return ensure_jars(None, lambda _: None, cache=tmp_path / "cache")


def test_the_jars_are_fetched_once_and_carry_their_list(maven: Path, tmp_path: Path) -> None:
    folder = fetch(tmp_path)
    assert folder == fetch(tmp_path)
    assert (tmp_path / "runs").read_text() == "ran\n"
    assert sorted(path.name for path in folder.iterdir()) == ["SHA256SUMS", *sorted(JARS)]
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_a_tampered_jar_in_the_cache_is_found_at_the_next_call(maven: Path, tmp_path: Path) -> None:
    folder = fetch(tmp_path)
    (folder / "gson-2.8.6.jar").write_bytes(b"tampered")
    with pytest.raises(ArtifactError) as refused:
        fetch(tmp_path)
    assert str(refused.value) == (
        f"Nacos' jars in {folder} can't be trusted: gson-2.8.6.jar has the SHA-256 {OTHER}, not the recorded {GSON}. "
        f"Fetch them anew: rm -r {folder}"
    )


def test_a_wrong_jar_from_maven_never_reaches_the_cache(maven: Path, tmp_path: Path) -> None:
    maven.write_text(maven.read_text().replace("printf gson", "printf tampered"))
    with pytest.raises(ArtifactError) as refused:
        fetch(tmp_path)
    assert str(refused.value) == (
        f"Maven brought other jars than Nacos 1.4.1's: gson-2.8.6.jar has the SHA-256 {OTHER}, "
        f"not the recorded {GSON}. "
        "Remove that jar from your Maven repository (~/.m2/repository) and try again."
    )
    assert list((tmp_path / "cache").iterdir()) == []


def test_mavens_own_reason_is_shown(maven: Path, tmp_path: Path) -> None:
    maven.write_text(
        "#!/bin/sh\necho '[ERROR] Could not transfer the pom -> [Help 1]'\necho '[ERROR] [Help 1] wiki'\nexit 1\n"
    )
    with pytest.raises(ArtifactError) as refused:
        fetch(tmp_path)
    assert str(refused.value) == (
        "Maven could not fetch Nacos 1.4.1: Could not transfer the pom. See that Maven reaches its repository, "
        "or give the official archive: runbook lab up --nacos-archive FILE"
    )


def test_a_machine_without_maven_is_told_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ArtifactError) as refused:
        fetch(tmp_path)
    assert str(refused.value) == (
        "Maven, which fetches Nacos, is not installed here. Install it: sudo apt-get install maven"
    )


def test_the_recorded_list_is_the_whole_server() -> None:
    names = recorded().keys()
    assert len(names) == 130
    assert sum(name.startswith("nacos-") for name in names) == 12
    assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in recorded().values())
