"""How a file gets to a host: compared by SHA-256, written beside its place, checked, then one move."""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import BinaryIO, cast

from runbook_lib.errors import TransferError

SPOOL_BYTES = 16 << 20
NOT_WHOLE = 65
"""Exit status of our script when the hash of what arrived is another."""

# A leftover of a killed transfer goes first. `sync FILE` needs coreutils 8.24; CentOS 7 has 8.22.
_PLACE = (
    'set -e; p=%s; d=$(dirname -- "$p"); mkdir -p -- "$d"; rm -f -- "$p".??????.part; umask 077; '
    't=$(mktemp -- "$p.XXXXXX.part"); trap \'rm -f -- "$t"\' EXIT; trap "exit 1" HUP INT TERM; '
    'cat > "$t"; [ "$(sha256sum < "$t" | cut -c1-64)" = %s ] || exit 65; '
    '[ ! -e "$p" ] || chown --reference="$p" -- "$t"; chmod %s -- "$t"; sync "$t" 2>/dev/null || sync; '
    '[ -z %s ] || [ ! -e "$p" ] || cp -p -- "$p" "$p.previous"; mv -fT -- "$t" "$p"'
)
_UNPACK = (
    'set -e; p=%s; t="$p.part"; rm -rf -- "$t" "$p.old"; mkdir -p -- "$t"; '
    'trap \'rm -rf -- "$t"\' EXIT; trap "exit 1" HUP INT TERM; tar -xpf - -C "$t"; '
    '[ ! -e "$p" ] || mv -T -- "$p" "$p.old"; mv -T -- "$t" "$p"; rm -rf -- "$p.old"'
)


@dataclass(frozen=True)
class Digest:
    """A content's SHA-256 (hex) and length."""

    sha256: str
    bytes: int


def sha256_of(stream: BinaryIO) -> Digest:
    """The digest of what is left in `stream`."""
    hasher = hashlib.sha256()
    size = 0
    while chunk := stream.read(1 << 20):
        hasher.update(chunk)
        size += len(chunk)
    return Digest(hasher.hexdigest(), size)


def file_state(path: str) -> tuple[str, str, str, str]:
    """The command (with its values) that says a file's SHA-256 and mode; nothing for a file that isn't there."""
    return "[ ! -f %s ] || { sha256sum < %s | cut -c1-64; stat -Lc %%a -- %s; }", path, path, path


def parse_is_same(state: str, digest: Digest, mode: int) -> bool:
    """Whether `file_state`'s answer is this content with this mode. Pure."""
    return state.split() == [digest.sha256, f"{mode:o}"]


def place_file(path: str, digest: Digest, mode: int, keep_previous: bool) -> tuple[str, str, str, str, str]:
    """The command (with its values) that takes a file from stdin and puts it in place."""
    return _PLACE, path, digest.sha256, f"{mode:o}", "yes" if keep_previous else ""


def check_placed(host: str, path: str, exit_status: int, stderr: str) -> None:
    """Raises TransferError when `place_file` did not succeed: what was at `path` is untouched."""
    if exit_status == NOT_WHOLE:
        raise TransferError(f"{host}: {path} did not arrive whole.", "Nothing was changed: run the step again.")
    if exit_status != 0:
        said = (stderr.strip() or f"exit status {exit_status}").splitlines()[-1]
        raise TransferError(f"{host}: {path} could not be written: {said}.", "Nothing was changed: mend that first.")


def pack_tree(path: str) -> tuple[str, str]:
    """The command (with its value) that writes a folder's content to stdout."""
    return "tar -cpf - -C %s .", path


def unpack_tree(path: str) -> tuple[str, str]:
    """The command (with its value) that takes a folder's content from stdin and puts the folder in place."""
    return _UNPACK, str(PurePosixPath(path))


def spooled() -> BinaryIO:
    """A place on the controller for what is on its way: in memory while it is small."""
    return cast(BinaryIO, tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES))
