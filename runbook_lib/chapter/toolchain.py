"""What a node brings to the build of keepalived (chapter step 3): compiler, headers, libraries."""

from __future__ import annotations

from dataclasses import dataclass

from runbook_lib.hosts import Host, OpenSite

FORCED_INCLUDES = "-include netinet/in.h -include net/if.h"
FIRST_FIXED = (2, 2, 3)
"""keepalived 2.2.3 has upstream's own cure (3fd0c21e) for kernel headers 5.13 and newer."""

# The order in which keepalived's core/layer4.c includes them; since kernel 5.13 the first brings <linux/if.h> with it.
CLASH = "#include <linux/icmp.h>\\n#include <netinet/in.h>\\n#include <net/if.h>\\n"
_PROBE = (
    ". /etc/os-release; echo release=$ID $VERSION_ID; echo arch=$(uname -m); "
    "echo libc=$(ldd --version 2>/dev/null | head -n 1); echo openssl=$(openssl version 2>/dev/null); "
    "echo libnl=$(pkg-config --modversion libnl-3.0 2>/dev/null); "
    "echo compiler=$(gcc --version 2>/dev/null | head -n 1); "
    'compiles() { printf "$1" | gcc -fsyntax-only -x c - 2>/dev/null && echo yes || echo no; }; '
    "echo headers_agree=$(compiles %s); echo openssl_headers=$(compiles %s); echo make=$(command -v make)"
)


@dataclass(frozen=True)
class Platform:
    """What a binary depends on: two nodes where these are equal can run each other's build."""

    release: str
    arch: str
    libc: str
    openssl: str
    libnl: str


@dataclass(frozen=True)
class NodeTools:
    """A node's toolchain as a row for the reader."""

    node: str
    release: str
    compiler: str
    kernel_and_c_headers: str
    missing: str


@dataclass(frozen=True)
class Toolchain:
    """What a node can build with."""

    platform: Platform
    compiler: str
    """First line of `gcc --version`; empty: none."""
    headers_agree: bool
    """False: kernel headers and C library define the same names twice, in the order that keepalived uses.

    Without a compiler False, too: nobody has asked."""
    missing: tuple[str, ...]
    """What step 3 needs and this node lacks."""


def toolchain(host: Host) -> Toolchain:
    """What a host can build with; asks the compiler, changes nothing."""
    probed = host.run(_PROBE, CLASH, "#include <openssl/ssl.h>\\n")
    return parse_toolchain(probed.check().stdout)


def parse_toolchain(probed: str) -> Toolchain:
    """The probe's key=value lines. Pure."""
    values = dict(line.partition("=")[::2] for line in probed.splitlines())
    platform = Platform(*(values.get(name, "") for name in ("release", "arch", "libc", "openssl", "libnl")))
    compiler = values.get("compiler", "")
    has = {"gcc": compiler, "make": values.get("make"), "OpenSSL's headers": values.get("openssl_headers") == "yes"}
    return Toolchain(
        platform,
        compiler,
        headers_agree=values.get("headers_agree") == "yes",
        missing=tuple(name for name, there in has.items() if not there),
    )


def node_tools(site: OpenSite) -> tuple[NodeTools, ...]:
    """What each node can build with, for the reader."""
    found = ((host.name, toolchain(host)) for host in site.nodes)
    return tuple(
        NodeTools(
            node,
            f"{tools.platform.release} {tools.platform.arch}",
            tools.compiler or "none",
            headers_say(tools),
            ", ".join(tools.missing) or "nothing",
        )
        for node, tools in found
    )


def headers_say(found: Toolchain) -> str:
    """What is known of the headers of kernel and C library; it takes a compiler to find out. Pure."""
    if not found.compiler:
        return "not asked, no compiler"
    return "agree" if found.headers_agree else "define the same names twice"


def compatibility_flags(found: Toolchain, version: str) -> str:
    """CPPFLAGS that this version needs with these headers; empty: it compiles as the chapter says. Pure."""
    fixed = tuple(int(part) for part in version.split(".")) >= FIRST_FIXED
    return "" if found.headers_agree or fixed else FORCED_INCLUDES
