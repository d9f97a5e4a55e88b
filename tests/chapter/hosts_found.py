"""What probes find, for tests of the plans: each begins from a node where all is right."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from runbook_lib.chapter.build import Candidate
from runbook_lib.chapter.daemon import Daemon
from runbook_lib.chapter.provenance import Installed, Provenance, render_provenance, wanted_provenance
from runbook_lib.chapter.source import Origin, Source
from runbook_lib.chapter.toolchain import Platform, Toolchain

PREFIX = "/usr/local/keepalived"
SOURCE = Source(Path("/archives/keepalived-2.1.5.tar.gz"), "aa" * 32, "2.1.5", Origin.GIVEN, "")
PLATFORM = Platform("debian 12", "x86_64", "glibc 2.36", "OpenSSL 3.0", "3.7.0")
TOOLS = Toolchain(PLATFORM, "gcc 12.2.0", headers_agree=False, missing=())
NOTHING = Installed(exists=False, text=None, provenance=None, binary_sha256="", recorded_sha256="")


def built(made: Provenance, binary: str = "b1") -> Installed:
    return Installed(True, render_provenance(made), made, binary, binary)


def candidate(host: str, tools: Toolchain = TOOLS, found: Installed | None = None, **changed: Any) -> Candidate:
    """A node where this source is built already; `found` or `changed` fields of Installed say otherwise."""
    wanted = wanted_provenance(SOURCE, tools, PREFIX)
    return Candidate(host, tools, replace(found or built(wanted), **changed), wanted)


def configuration(router_id: int = 51, version: int = 2, advert_int: float = 1, more: str = "") -> str:
    return (
        f"vrrp_instance VI_1 {{\n virtual_router_id {router_id}\n version {version}\n"
        f" advert_int {advert_int:g}\n{more}}}\n"
    )


def daemon(host: str, **changed: Any) -> Daemon:
    """A daemon that runs with its files; the MASTER, node129, holds the VIP."""
    right = Daemon(
        host=host,
        active=True,
        holds_vip=host == "node129",
        config=configuration(),
        read_config=configuration(),
        files="f1",
        started_files="f1",
        script=True,
        read_script=True,
    )
    return replace(right, **changed)
