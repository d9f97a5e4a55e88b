from __future__ import annotations

import contextlib
import hashlib
import io
import os
import socket
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ssh_server import SshServer, server

from runbook_lib.errors import CommandError, SessionLostError, TransferError
from runbook_lib.hosts import Host, transfer
from runbook_lib.hosts.transfer import Arrival, Digest, is_same, sha256_of
from runbook_lib.journal import FileSent, Journal, read_journal

__all__ = ["server"]


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal.jsonl")


@pytest.fixture
def host(server: SshServer, journal: Journal) -> Iterator[Host]:
    opened = Host(server.endpoint, journal)
    yield opened
    opened.close()


@pytest.fixture
def there(tmp_path: Path) -> Path:
    """A folder "on the host"; its name needs quoting."""
    folder = tmp_path / "it's there"
    folder.mkdir()
    return folder


def sent(journal: Journal) -> list[FileSent]:
    assert journal.path
    return [record.event for record in read_journal(journal.path) if isinstance(record.event, FileSent)]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


class TestWrite:
    def test_a_new_file_and_its_folder(self, host: Host, there: Path) -> None:
        assert host.write_file(f"{there}/new/f", b"a\0b\n", mode=0o640) is True
        assert (there / "new/f").read_bytes() == b"a\0b\n"
        assert oct((there / "new/f").stat().st_mode) == "0o100640"
        assert names(there / "new") == ["f"]

    def test_the_same_again_changes_nothing(self, host: Host, there: Path, journal: Journal) -> None:
        host.write_file(f"{there}/f", b"same")
        before = (there / "f").stat()
        assert host.write_file(f"{there}/f", b"same") is False
        after = (there / "f").stat()
        assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
        digest = hashlib.sha256(b"same").hexdigest()
        assert sent(journal) == [
            FileSent("node128", f"{there}/f", digest, 4, changed=True),
            FileSent("node128", f"{there}/f", digest, 4, changed=False),
        ]

    def test_another_mode_is_a_change(self, host: Host, there: Path) -> None:
        host.write_file(f"{there}/f", b"same", mode=0o644)
        assert host.write_file(f"{there}/f", b"same", mode=0o755) is True
        assert oct((there / "f").stat().st_mode) == "0o100755"

    def test_a_link_is_followed(self, host: Host, there: Path) -> None:
        (there / "f").write_text("old")
        (there / "link").symlink_to("f")
        host.write_file(f"{there}/link", b"new")
        assert (there / "link").readlink() == Path("f")
        assert (there / "f").read_text() == "new"

    def test_a_leftover_of_a_killed_transfer_goes(self, host: Host, there: Path) -> None:
        (there / "f.runbook-AbC123.part").write_text("half")
        host.write_file(f"{there}/f", b"whole")
        assert names(there) == ["f"]

    def test_a_file_of_somebody_elses_beside_it_stays(self, host: Host, there: Path) -> None:
        (there / "f.backup.part").write_text("theirs")
        host.write_file(f"{there}/f", b"ours")
        assert names(there) == ["f", "f.backup.part"]

    @pytest.mark.parametrize(
        ("kind", "is_there"), [("directory", Path.is_dir), ("fifo", Path.is_fifo), ("socket", Path.is_socket)]
    )
    def test_what_is_no_regular_file_is_refused(
        self, host: Host, there: Path, kind: str, is_there: Callable[[Path], bool]
    ) -> None:
        make(kind, there / "f")
        with pytest.raises(TransferError) as caught:
            host.write_file(f"{there}/f", b"x")
        assert str(caught.value) == (
            f"node128: a {kind} stands at {there}/f, and is not replaced. Look at it on node128, and move it away."
        )
        assert is_there(there / "f")
        assert names(there) == ["f"]

    @pytest.mark.parametrize("kind", ["", "directory", "fifo", "socket"])
    def test_a_link_to_what_is_no_regular_file_is_refused(self, host: Host, there: Path, kind: str) -> None:
        make(kind, there / "target")
        (there / "f").symlink_to("target")
        with pytest.raises(TransferError) as caught:
            host.write_file(f"{there}/f", b"x")
        assert str(caught.value) == (
            f"node128: a symbolic link to {there}/target stands at {there}/f, and is not replaced. "
            "Look at it on node128, and move it away."
        )
        assert names(there) == (["f", "target"] if kind else ["f"])
        assert not (there / "target").is_file()

    def test_a_transfer_that_breaks_off_leaves_what_was_there(self, host: Host, server: SshServer, there: Path) -> None:
        (there / "f").write_text("old")
        server.cut_after_bytes = 100_000
        with pytest.raises(SessionLostError):
            host.write_file(f"{there}/f", b"x" * 1_000_000)
        host.run("true")  # as soon as it answers again
        for _ in range(100):
            if names(there) == ["f"]:
                break
            host.run("sleep 0.05")
        assert names(there) == ["f"]
        assert (there / "f").read_text() == "old"


class TestRead:
    def test_what_is_there(self, host: Host, there: Path) -> None:
        (there / "f").write_bytes(b"\xff\0")
        assert host.read_file(f"{there}/f") == b"\xff\0"

    def test_nothing(self, host: Host, there: Path) -> None:
        assert host.read_file(f"{there}/f") is None

    def test_what_cannot_be_read(self, host: Host, there: Path) -> None:
        with pytest.raises(CommandError, match="Is a directory"):
            host.read_file(str(there))


class TestPush:
    def test_a_big_file(self, host: Host, there: Path, tmp_path: Path) -> None:
        big = tmp_path / "big"
        big.write_bytes(os.urandom(5_000_000))
        assert host.push_file(big, f"{there}/big", mode=0o600) is True
        assert (there / "big").read_bytes() == big.read_bytes()
        assert host.push_file(big, f"{there}/big", mode=0o600) is False

    def test_a_file_that_changed_on_its_way_is_not_put_in_place(self, there: Path, server: SshServer) -> None:
        host = Host(server.endpoint, Journal(None))
        wanted = Arrival(f"{there}/f", Digest("0" * 64, 1), 0o644)
        with pytest.raises(TransferError) as caught:
            transfer.put(host.name, host._execute, wanted, io.BytesIO(b"x"))
        assert str(caught.value) == (
            f"node128: {there}/f did not arrive whole. Nothing was changed: run the step again."
        )
        assert names(there) == []
        host.close()

    def test_a_file_that_is_not_there(self, host: Host, there: Path) -> None:
        with pytest.raises(TransferError) as caught:
            host.push_file(there / "absent", f"{there}/f")
        assert str(caught.value) == (
            f"{there}/absent can't be read: No such file or directory. Correct its path or its rights."
        )


class TestFetch:
    def test_a_file(self, host: Host, there: Path, tmp_path: Path) -> None:
        (there / "f").write_bytes(os.urandom(3_000_000))
        host.fetch_file(f"{there}/f", tmp_path / "new" / "f")
        assert (tmp_path / "new/f").read_bytes() == (there / "f").read_bytes()
        assert names(tmp_path / "new") == ["f"]

    def test_one_that_is_not_there(self, host: Host, there: Path, tmp_path: Path) -> None:
        (tmp_path / "f").write_text("old")
        with pytest.raises(CommandError, match="No such file or directory"):
            host.fetch_file(f"{there}/f", tmp_path / "f")
        assert (tmp_path / "f").read_text() == "old"
        assert not (tmp_path / "f.part").exists()

    def test_a_place_where_nothing_can_be_written(self, host: Host, there: Path) -> None:
        (there / "f").write_text("x")
        with pytest.raises(TransferError) as caught:
            host.fetch_file(f"{there}/f", Path("/proc/nowhere/f"))
        assert str(caught.value) == (
            "/proc/nowhere/f can't be written: No such file or directory. Correct its path, or free some space there."
        )


class TestCopyTree:
    """Both hosts are this machine: the tree replaces itself, which shows all that must stay."""

    @pytest.fixture
    def tree(self, there: Path) -> Path:
        tree = there / "tree"
        (tree / "sub").mkdir(parents=True)
        (tree / "sub/f").write_text("1")
        (tree / "sub/f").chmod(0o750)
        (tree / "link").symlink_to("sub")
        tree.chmod(0o711)
        return tree

    def test_all_of_it_arrives(self, host: Host, server: SshServer, tree: Path, journal: Journal) -> None:
        inode = tree.stat().st_ino
        source = Host(server.endpoint, Journal(None))
        host.copy_tree_from(source, str(tree))
        source.close()
        assert tree.stat().st_ino != inode
        assert oct(tree.stat().st_mode) == "0o40711"
        assert oct((tree / "sub/f").stat().st_mode) == "0o100750"
        assert (tree / "link").readlink() == Path("sub")
        assert names(tree.parent) == ["tree"]
        assert [(event.path, event.changed) for event in sent(journal)] == [(str(tree), True)]

    def test_a_folder_that_is_not_there(self, host: Host, server: SshServer, there: Path) -> None:
        source = Host(server.endpoint, Journal(None))
        with pytest.raises(CommandError, match="No such file or directory"):
            host.copy_tree_from(source, f"{there}/absent")
        source.close()
        assert names(there) == []

    def test_an_archive_that_breaks_off_changes_nothing(self, host: Host, tree: Path) -> None:
        whole = io.BytesIO()
        with tarfile.open(fileobj=whole, mode="w:gz") as archive:
            archive.add(tree, arcname=".")
        with pytest.raises(TransferError, match="could not be written"):
            transfer.unpack("node128", host._execute, str(tree), io.BytesIO(whole.getvalue()[:-20]))
        assert (tree / "sub/f").read_text() == "1"
        assert names(tree.parent) == ["tree"]

    def test_what_a_killed_copy_left_is_put_back(self, host: Host, server: SshServer, tree: Path) -> None:
        source = Host(server.endpoint, Journal(None))
        broken = tree.with_name("tree.runbook.part")
        broken.mkdir()
        (broken / "half").write_text("")
        host.copy_tree_from(source, str(tree))
        source.close()
        assert names(tree.parent) == ["tree"]
        assert names(tree) == ["link", "sub"]

    def test_folders_of_somebody_elses_beside_it_stay(self, host: Host, server: SshServer, tree: Path) -> None:
        for name in ("tree.old", "tree.part"):
            tree.with_name(name).mkdir()
        host.copy_tree_from(Host(server.endpoint, Journal(None)), str(tree))
        assert names(tree.parent) == ["tree", "tree.old", "tree.part"]

    def test_what_is_no_folder_is_refused(self, host: Host, tree: Path) -> None:
        link = tree.with_name("link")
        link.symlink_to("tree")
        with pytest.raises(TransferError, match=r"a symbolic link to .*/tree stands at .*/link, and is not replaced"):
            transfer.unpack("node128", host._execute, str(link), io.BytesIO())
        assert names(tree.parent) == ["link", "tree"]
        assert names(tree) == ["link", "sub"]


@pytest.mark.parametrize(
    ("told", "todo"),
    [
        ("/etc/systemd/system/k.service\nsymbolic link\n/dev/null\n", "Unmask it: systemctl unmask k.service"),
        ("/etc/systemd/system/$(id)\nsymbolic link\n/dev/null\n", "Look at it on n, and move it away."),
        ("/etc/k.conf\nsymbolic link\n/dev/null\n", "Look at it on n, and move it away."),
        ("/etc/systemd/system/k.service\ncharacter special file\n", "Look at it on n, and move it away."),
        ("", "Look at it on n, and move it away."),
    ],
)
def test_a_masked_unit_is_to_be_unmasked(told: str, todo: str) -> None:
    assert transfer.not_free_error("n", told).todo == todo


def make(kind: str, path: Path) -> None:
    if kind == "directory":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as made, contextlib.chdir(path.parent):  # a path has 107 characters
            made.bind(path.name)


def test_a_digest_leaves_the_stream_at_its_beginning() -> None:
    stream = io.BytesIO(b"abc")
    assert sha256_of(stream) == Digest(hashlib.sha256(b"abc").hexdigest(), 3)
    assert stream.read() == b"abc"


@pytest.mark.parametrize(
    ("state", "same"), [("", False), ("aa\n644\n", True), ("aa\n600\n", False), ("bb\n644\n", False)]
)
def test_the_state_of_a_file(state: str, same: bool) -> None:
    assert is_same(state, Arrival("/f", Digest("aa", 1), 0o644)) is same
