"""How a file gets to a host: compared by SHA-256, written beside its place, checked, then one move."""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol, cast

from runbook_lib.errors import TransferError
from runbook_lib.hosts.disk_full import disk_full_error
from runbook_lib.hosts.framing import DISK_BYTES, MEMORY_BYTES, Meter, Sink
from runbook_lib.hosts.quoting import quote
from runbook_lib.hosts.running import Completed, last_line

TRANSFER_S = 600.0
READ_S = 60.0
SPOOL_BYTES = 16 << 20
NOT_THERE = 3
NOT_WHOLE = 65
NOT_FREE = 66
"""Exit statuses of our scripts: no such file; what arrived has another hash; neither a file nor nothing is there."""

_UNIT_FILE = re.compile(r"/(?:etc|run|lib|usr/lib)/systemd/system/([\w@.:-]+)")
# The file that a link leads to is the one that is compared and replaced.
_STATE = "[ ! -f %s ] || { sha256sum < %s | cut -c1-64; stat -Lc %%a -- %s; }"
# `free`: nothing but a regular file (-f) is replaced, nothing but a folder (-d) swapped. Whatever else stands there is
# told on stdout, for the reader: its path, its kind, where it leads.
FREE = (
    'free() { if [ -L "$2" ] || [ -e "$2" ]; then if [ -L "$2" ] || ! [ "$1" "$2" ]; then '
    r"""printf '%%s\n' "$2"; stat -c %%F -- "$2"; [ ! -L "$2" ] || readlink -m -- "$2"; exit 66; fi; fi; }; """
)
# What a killed transfer left goes first. `sync FILE` needs coreutils 8.24; CentOS 7 has 8.22.
_PLACE = (
    f'set -e; {FREE}p=%s; [ ! -L "$p" ] || [ ! -f "$p" ] || p=$(readlink -e -- "$p"); free -f "$p"; '
    'mkdir -p -- "$(dirname -- "$p")"; rm -f -- "$p".runbook-??????.part; umask 077; '
    't=$(mktemp -- "$p.runbook-XXXXXX.part"); trap \'rm -f -- "$t"\' EXIT; trap "exit 1" HUP INT TERM; '
    'cat > "$t"; [ "$(sha256sum < "$t" | cut -c1-64)" = %s ] || exit 65; '
    '[ ! -e "$p" ] || chown --reference="$p" -- "$t"; chmod %s -- "$t"; sync "$t" 2>/dev/null || sync; '
    'free -f "$p"; mv -fT -- "$t" "$p"'
)
# gzip for its checksum: tar takes a stream that ends early for a whole one.
_PACK = "tar -czpf - -C %s ."
_UNPACK = (
    f'set -e; {FREE}p=%s; t="$p.runbook.part"; o="$p.runbook.old"; free -d "$p"; rm -rf -- "$t"; '
    '[ -e "$p" ] || [ ! -e "$o" ] || mv -T -- "$o" "$p"; rm -rf -- "$o"; mkdir -p -- "$t"; '
    'trap \'rm -rf -- "$t"; [ -e "$p" ] || [ ! -e "$o" ] || mv -T -- "$o" "$p"; rm -rf -- "$o"\' EXIT; '
    'trap "exit 1" HUP INT TERM; tar -xzpf - --numeric-owner -C "$t"; '
    'free -d "$p"; [ ! -e "$p" ] || mv -T -- "$p" "$o"; mv -T -- "$t" "$p"'
)


class Execute(Protocol):
    """Runs a quoted command on a host, `body` on its stdin, its stdout to `sink` when there is one."""

    def __call__(
        self,
        command: str,
        timeout_s: float,
        body: BinaryIO | None = None,
        sink: Sink | None = None,
        shown: str = "",
    ) -> Completed:
        """Raises as Host.run does; `shown` stands for the command in a message."""


@dataclass(frozen=True)
class Digest:
    """A content's SHA-256 (hex) and length."""

    sha256: str
    bytes: int


@dataclass(frozen=True)
class Arrival:
    """What shall stand at `path`."""

    path: str
    digest: Digest
    mode: int


def sha256_of(stream: BinaryIO) -> Digest:
    """The digest of all of `stream`, which is at its beginning before and afterwards."""
    hasher = hashlib.sha256()
    while chunk := stream.read(1 << 20):
        hasher.update(chunk)
    size = stream.tell()
    stream.seek(0)
    return Digest(hasher.hexdigest(), size)


def read(execute: Execute, path: str) -> bytes | None:
    """The content of `path`; None when nothing is there."""
    content = bytearray()
    kept = Meter(MEMORY_BYTES).limited(content.extend)
    done = execute(quote("[ -e %s ] || exit 3; cat -- %s", path, path), READ_S, sink=kept, shown=f"read {path}")
    return None if done.check(normal=(0, NOT_THERE)).exit_status == NOT_THERE else bytes(content)


def put(host: str, execute: Execute, wanted: Arrival, content: BinaryIO) -> bool:
    """Put `content` in place unless it is there. Raises TransferError: what was there is untouched."""
    state = execute(quote(_STATE, *[wanted.path] * 3), TRANSFER_S, shown=f"look at {wanted.path}").check().stdout
    if is_same(state, wanted):
        return False
    values = (wanted.path, wanted.digest.sha256, f"{wanted.mode:o}")
    placed = execute(quote(_PLACE, *values), TRANSFER_S, content, shown=f"write {wanted.path}")
    _check_arrived(host, wanted.path, placed)
    return True


def is_same(state: str, wanted: Arrival) -> bool:
    """Whether what a host said of a file (its SHA-256, its mode) is what is wanted. Pure."""
    return state.split() == [wanted.digest.sha256, f"{wanted.mode:o}"]


@contextmanager
def readable(local: Path) -> Iterator[BinaryIO]:
    """A file of the controller, open. Raises TransferError."""
    try:
        stream = local.open("rb")
    except OSError as error:
        raise TransferError(f"{local} can't be read: {error.strerror}.", "Correct its path or its rights.") from error
    with stream:
        yield stream


def fetch(execute: Execute, path: str, local: Path) -> None:
    """Bring `path` to the controller, whole or not at all."""
    part = local.with_name(local.name + ".part")
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as stream:
            kept = Meter(DISK_BYTES).limited(stream.write)
            execute(quote("cat -- %s", path), TRANSFER_S, sink=kept, shown=f"read {path}").check()
        part.replace(local)
    except OSError as error:
        raise TransferError(
            f"{local} can't be written: {error.strerror}.", "Correct its path, or free some space there."
        ) from error
    finally:
        part.unlink(missing_ok=True)


def copy_tree(host: str, source: Execute, target: Execute, path: str) -> Digest:
    """Copy the folder `path` from one host to another, `host`; the digest of what was sent."""
    # On the controller in between, in memory while it is small: an archive that breaks off is never unpacked.
    with cast(BinaryIO, tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES)) as archive:
        kept = Meter(DISK_BYTES).limited(archive.write)
        source(quote(_PACK, path), TRANSFER_S, sink=kept, shown=f"pack {path}").check()
        archive.seek(0)
        digest = sha256_of(archive)
        unpack(host, target, path, archive)
    return digest


def unpack(host: str, execute: Execute, path: str, archive: BinaryIO) -> None:
    """Make an archive the folder `path`. Raises TransferError: the folder is as it was."""
    _check_arrived(host, path, execute(quote(_UNPACK, path), TRANSFER_S, archive, shown=f"unpack {path}"))


def _check_arrived(host: str, path: str, done: Completed) -> None:
    if done.exit_status == NOT_WHOLE:
        raise TransferError(f"{host}: {path} did not arrive whole.", "Nothing was changed: run the step again.")
    if done.exit_status == NOT_FREE:
        raise not_free_error(host, done.stdout)
    if full := disk_full_error(host, f"{path} could not be written", done.stderr, path.rpartition("/")[0]):
        raise full
    if done.exit_status != 0:
        said = last_line(done.stderr or f"exit status {done.exit_status}")
        raise TransferError(f"{host}: {path} could not be written: {said}.", "Nothing was changed: fix that first.")


def in_the_way(run: Callable[..., Completed], path: str) -> str:
    """What stands where a folder is to be put and is none, for `not_free_error`; empty: nothing is in the way."""
    found = run(f"{FREE}free -d %s", path).check(normal=(0, NOT_FREE))
    return found.stdout if found.exit_status == NOT_FREE else ""


def not_free_error(host: str, told: str) -> TransferError:
    """From what `free` told; none of it is an operand of anything."""
    path, kind, target, *_ = [*told.splitlines(), "", "", ""]
    leads = f" to {target}" if target else ""
    masked = _UNIT_FILE.fullmatch(path) if target == "/dev/null" else None
    todo = f"Unmask it: systemctl unmask {masked[1]}" if masked else f"Look at it on {host}, and move it away."
    return TransferError(f"{host}: a {kind}{leads} stands at {path}, and is not replaced.", todo)
