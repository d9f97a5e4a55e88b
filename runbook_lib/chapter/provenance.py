"""Where a keepalived binary came from: a small file beside it, written by the build, compared by the next plan."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from runbook_lib.chapter.service import file_hash
from runbook_lib.chapter.source import Source
from runbook_lib.chapter.toolchain import Platform, Toolchain, compatibility_flags
from runbook_lib.hosts import Host, OpenSite
from runbook_lib.journal import KeepalivedFound

PROVENANCE_FILE = "sbin/keepalived.provenance.json"
HASH_FILE = "sbin/keepalived.sha256"
"""As `sha256sum` writes it, so that `sha256sum --check` reads it."""


@dataclass(frozen=True)
class Provenance:
    """What a binary was made from, and how."""

    version: str
    archive: str
    source_sha256: str
    origin: str
    warning: str
    """What was other than asked (a substitute); empty: upstream's release."""
    configure: str
    cppflags: str
    compiler: str
    platform: Platform

    def makes_the_same(self, other: Provenance) -> bool:
        """Whether a build by `other` would give this binary: source, settings and platform are equal.

        Names and origins may differ, and a newer compiler alone is no reason to build again.
        """
        return (self.source_sha256, self.configure, self.cppflags, self.platform) == (
            other.source_sha256,
            other.configure,
            other.cppflags,
            other.platform,
        )


@dataclass(frozen=True)
class Installed:
    """What stands under the prefix on a host."""

    exists: bool
    """Something is there, ours or not."""
    text: str | None
    """The provenance file as it stands."""
    provenance: Provenance | None
    """None: not built by us."""
    binary_sha256: str
    recorded_sha256: str
    """As the build recorded it; another one: the binary was exchanged since."""

    def is_build_of(self, wanted: Provenance) -> bool:
        """Whether this is that build, untouched since."""
        untouched = self.binary_sha256 != "" and self.binary_sha256 == self.recorded_sha256
        return untouched and self.provenance is not None and self.provenance.makes_the_same(wanted)


def wanted_provenance(source: Source, found: Toolchain, prefix: str) -> Provenance:
    """What a build of `source` on a node with this toolchain is made from. Pure."""
    return Provenance(
        version=source.version,
        archive=source.path.name,
        source_sha256=source.sha256,
        origin=source.origin.value,
        warning=source.warning,
        configure=f"./configure --prefix={prefix} --with-init=systemd",
        cppflags=compatibility_flags(found, source.version),
        compiler=found.compiler,
        platform=found.platform,
    )


def installed(host: Host, prefix: str) -> Installed:
    """What stands under the prefix on a host now."""
    text = host.read_text(f"{prefix}/{PROVENANCE_FILE}")
    return Installed(
        exists=host.run("test -e %s", prefix).exit_status == 0,
        text=text,
        provenance=parse_provenance(text or ""),
        binary_sha256=file_hash(host, f"{prefix}/sbin/keepalived"),
        recorded_sha256=(host.read_text(f"{prefix}/{HASH_FILE}") or "").partition(" ")[0],
    )


def said_version(host: Host, prefix: str) -> str:
    """The version that the binary says: `Keepalived v2.1.5 (unknown)` is 2.1.5; empty: it doesn't run."""
    # 126 and 127: there is no binary, or not one of this machine's; that is an answer here. It speaks on stderr.
    said = host.run("%s --version", f"{prefix}/sbin/keepalived").stderr
    return parse_version(said)


def parse_version(said: str) -> str:
    """`keepalived --version`'s first line as a version. Pure."""
    words = said.split()
    return words[1].removeprefix("v") if len(words) > 1 and words[0] == "Keepalived" else ""


def render_provenance(provenance: Provenance) -> str:
    """The file's text: JSON, for people too. Pure."""
    return json.dumps(asdict(provenance), indent=2, ensure_ascii=False) + "\n"


def parse_provenance(text: str) -> Provenance | None:
    """The file's text read back; None when it is not of this form (an older one: build again). Pure."""
    try:
        values = json.loads(text)
        return Provenance(**{**values, "platform": Platform(**values["platform"])})
    except (ValueError, TypeError, KeyError):
        return None


def note_provenance(site: OpenSite) -> tuple[KeepalivedFound, ...]:
    """Where each node's keepalived came from; journalled, for the bundle. A node without one of ours has no row."""
    found = ((host.name, installed(host, site.model.keepalived.prefix)) for host in site.nodes)
    rows = tuple(
        KeepalivedFound(
            node,
            made.version,
            made.archive,
            made.source_sha256,
            on_node.binary_sha256,
            made.configure,
            made.cppflags,
            made.compiler,
        )
        for node, on_node in found
        if (made := on_node.provenance) is not None
    )
    for row in rows:
        site.journal.write(row)
    return rows
