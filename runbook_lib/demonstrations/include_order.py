"""A demonstration: the order of includes that keepalived 2.1.5's core/layer4.c has, against this node's headers."""

from __future__ import annotations

from collections.abc import Sequence

from runbook_lib.chapter.toolchain import CLASH, FORCED_INCLUDES, toolchain
from runbook_lib.checks.verdict import Check, Skipped
from runbook_lib.demonstrations.sight import CURE, DEFECT, Sight, judge_sights
from runbook_lib.failover.faults.inject import not_agreed
from runbook_lib.hosts import Host, OpenSite

COMPILES = "it compiles"
CLASHES = "error: redeclaration of enumerator"


def show_include_order(site: OpenSite) -> tuple[Sight, ...] | Skipped:
    """Compile the three includes as they stand, and with the C library's forced to the front. Changes nothing."""
    if skipped := not_agreed(site, "demonstrations"):
        return skipped
    tools = {host: toolchain(host) for host in site.nodes}
    able = [host for host, found in tools.items() if found.compiler and not found.headers_agree]
    if not able:
        return Skipped("no node has a compiler, and kernel headers of 5.13 or newer, so there is nothing to see")
    return tuple(
        Sight(shows, f"{able[0].name}: gcc {flags}".rstrip(), expected, _compiled(able[0], flags))
        for shows, flags, expected in ((DEFECT, "", CLASHES), (CURE, FORCED_INCLUDES, COMPILES))
    )


def include_order_shown(found: Sequence[Sight] | Skipped) -> Check:
    """Check `demonstration.include-order`: plain make would fail here, and does not with the forced includes."""
    claim = "keepalived 2.1.5's order of includes does not compile here; with two forced to the front it does."
    hint = "See what gcc says of #include <linux/icmp.h>, <netinet/in.h>, <net/if.h>, in this order."
    return Check("demonstration.include-order", claim, "02", lambda: judge_sights(found, hint))


def parse_compiled(exit_status: int, said: str) -> str:
    """What gcc made of it: that it compiles, or its first error without the name. Pure."""
    if exit_status == 0:
        return COMPILES
    errors = [line for line in said.splitlines() if "error:" in line]
    return CLASHES if errors and CLASHES in errors[0] else (errors or said.splitlines() or ["nothing"])[0]


def _compiled(host: Host, flags: str) -> str:
    ran = host.run(f"printf %s | LC_ALL=C gcc {flags} -fsyntax-only -x c -", CLASH)
    return parse_compiled(ran.exit_status, ran.stderr)
