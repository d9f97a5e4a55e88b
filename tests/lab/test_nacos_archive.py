from __future__ import annotations

import hashlib
import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from runbook_lib.errors import ArtifactError
from runbook_lib.lab.nacos_archive import SERVER_JAR, unpack_archive

INSIDE = {"nacos-core-1.4.1.jar": b"core", "gson-2.8.6.jar": b"gson", "unheard-of-1.jar": b"new"}
KNOWN = {"gson-2.8.6.jar": hashlib.sha256(b"gson").hexdigest(), "nacos-core-1.4.1.jar": "republished otherwise"}


def server_jar(libraries: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as jar:
        for name, content in libraries.items():
            jar.writestr(f"BOOT-INF/lib/{name}", content)
        jar.writestr("BOOT-INF/classes/", b"")
        jar.writestr("BOOT-INF/classes/static/", b"")
        jar.writestr("BOOT-INF/classes/static/index.html", "the console")
        jar.writestr("org/springframework/boot/loader/Launcher.class", "not needed")
    return buffer.getvalue()


def archive_of(path: Path, content: bytes, member: str = f"nacos/target/{SERVER_JAR}") -> Path:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as packed:
            packed.writestr(member, content)
        return path
    with tarfile.open(path, "w:gz") as packed_tar:
        info = tarfile.TarInfo(member)
        info.size = len(content)
        packed_tar.addfile(info, io.BytesIO(content))
    return path


def unpack(archive: Path) -> Path:
    return unpack_archive(archive, "1.4.1", KNOWN, archive.parent / "cache", lambda _: None)


def refusal(archive: Path) -> str:
    with pytest.raises(ArtifactError) as refused:
        unpack(archive)
    assert not [path for path in archive.parent.glob("cache/*") if path.suffix], "a lock or a half is left"
    return str(refused.value)


@pytest.mark.parametrize("name", ["nacos-server-1.4.1.tar.gz", "nacos-server-1.4.1.zip"])
def test_the_jars_inside_are_taken_out_once(tmp_path: Path, name: str) -> None:
    archive = archive_of(tmp_path / name, server_jar(INSIDE))
    folder = unpack(archive)
    assert unpack(archive) == folder
    assert sorted(path.name for path in folder.iterdir()) == sorted(["SHA256SUMS", "nacos-console-1.4.1.jar", *INSIDE])
    assert (folder / "gson-2.8.6.jar").read_bytes() == b"gson"
    with zipfile.ZipFile(folder / "nacos-console-1.4.1.jar") as console:
        assert console.namelist() == ["static/", "static/index.html"]
        assert console.read("static/index.html") == b"the console"


def test_a_tampered_unpacked_jar_is_found_at_the_next_call(tmp_path: Path) -> None:
    archive = archive_of(tmp_path / "a.tar.gz", server_jar(INSIDE))
    folder = unpack(archive)
    was, is_now = hashlib.sha256(b"core").hexdigest(), hashlib.sha256(b"tampered").hexdigest()
    (folder / "nacos-core-1.4.1.jar").write_bytes(b"tampered")
    assert refusal(archive) == (
        f"Nacos' jars in {folder} can't be trusted: nacos-core-1.4.1.jar has the SHA-256 {is_now}, "
        f"not the recorded {was}. Unpack them anew: rm -r {folder}"
    )


def test_a_library_that_is_not_the_recorded_one_is_refused(tmp_path: Path) -> None:
    archive = archive_of(tmp_path / "a.tar.gz", server_jar(INSIDE | {"gson-2.8.6.jar": b"tampered"}))
    digest = hashlib.sha256(b"tampered").hexdigest()
    assert refusal(archive) == (
        f"{archive} is not the official Nacos 1.4.1: gson-2.8.6.jar has the SHA-256 {digest}, "
        f"not the recorded {KNOWN['gson-2.8.6.jar']}. Give nacos-server-1.4.1.tar.gz or .zip."
    )


def test_another_version_is_refused(tmp_path: Path) -> None:
    archive = archive_of(tmp_path / "a.zip", server_jar({"nacos-core-2.0.3.jar": b"core"}))
    assert refusal(archive) == (
        f"{archive} is not the official Nacos 1.4.1: it holds no nacos-core-1.4.1.jar. "
        "Give nacos-server-1.4.1.tar.gz or .zip."
    )


def test_an_archive_of_something_else_is_refused(tmp_path: Path) -> None:
    archive = archive_of(tmp_path / "a.tar.gz", b"", member="other/file")
    assert refusal(archive) == (
        f"{archive} could not be read as an archive of the Nacos server: no target/nacos-server.jar in it. "
        "Give nacos-server-1.4.1.tar.gz or .zip, whole as it was downloaded."
    )


def test_a_torn_download_is_refused(tmp_path: Path) -> None:
    archive = archive_of(tmp_path / "a.tar.gz", server_jar({"nacos-core-1.4.1.jar": bytes(range(256)) * 999}))
    archive.write_bytes(archive.read_bytes()[:600])
    assert refusal(archive).startswith(f"{archive} could not be read as an archive of the Nacos server: ")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    archive = tmp_path / "not-here.zip"
    assert refusal(archive) == f"There is no file {archive}. Give the path of nacos-server-1.4.1.tar.gz or .zip."
