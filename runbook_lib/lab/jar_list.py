"""A list of jars with their SHA-256 (the format of sha256sum), and whether a folder holds exactly these."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from runbook_lib.artifacts import sha256_of

JarList = Mapping[str, str]  # file name -> SHA-256, in hexadecimal

LIST = "SHA256SUMS"  # its name in a folder of jars


def parse_list(text: str) -> dict[str, str]:
    """File name to SHA-256, from sha256sum's lines. Pure; ValueError for a line that is none of its."""
    pairs = (line.split("  ", 1) for line in text.splitlines())
    return {name: digest for digest, name in pairs}


def render_list(jars: JarList) -> str:
    """sha256sum's lines, sorted by file name: `sha256sum -c` reads them. Pure."""
    return "".join(f"{jars[name]}  {name}\n" for name in sorted(jars))


def hash_jars(folder: Path) -> dict[str, str]:
    """The SHA-256 of every jar that is in the folder."""
    jars = sorted(folder.glob("*.jar"))
    with ThreadPoolExecutor() as pool:  # hashlib lets go of the interpreter's lock
        return dict(zip([jar.name for jar in jars], pool.map(sha256_of, jars), strict=True))


def difference(found: JarList, wanted: JarList) -> str:
    """The first jar by name that is not as wanted, as a sentence's end (`x.jar is missing`); empty when none. Pure."""
    for name in sorted(found.keys() | wanted.keys()):
        if name not in found:
            return f"{name} is missing"
        if name not in wanted:
            return f"{name} does not belong there"
        if found[name] != wanted[name]:
            return f"{name} has the SHA-256 {found[name]}, not the recorded {wanted[name]}"
    return ""
