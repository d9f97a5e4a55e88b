"""Chapter steps 2-3: unpack, configure, compile and install keepalived; once, and copied where the nodes are alike."""

from __future__ import annotations

from dataclasses import dataclass

from runbook_lib.chapter.change import Action, Change, Command, CopyTree, PushFile, WriteFile
from runbook_lib.chapter.operation import operation
from runbook_lib.chapter.ownership import STATE, keep_theirs, those_there
from runbook_lib.chapter.provenance import (
    HASH_FILE,
    PROVENANCE_FILE,
    Installed,
    Provenance,
    installed,
    render_provenance,
    wanted_provenance,
)
from runbook_lib.chapter.service import binary
from runbook_lib.chapter.source import Source, keepalived_source
from runbook_lib.chapter.toolchain import Toolchain, toolchain
from runbook_lib.errors import HostError
from runbook_lib.hosts import Host, OpenSite
from runbook_lib.hosts.transfer import FREE, in_the_way, not_free_error

NEEDS = (
    "Debian: apt-get install gcc make libssl-dev libnl-3-dev libnl-genl-3-dev. "
    "CentOS 7: yum install gcc make openssl-devel libnl3-devel."
)
MAKE_WITHIN_S = 1800.0
WORK = f"{STATE}/build"
"""Unpacked, compiled and installed here first: a fresh place that root alone can write, and on a disk."""
INIT_SCRIPT = "share/doc/keepalived/init.d-keepalived"
"""The script of chapter step 4, kept under the prefix for the reader; systemd doesn't look at it."""
INIT_HEAD = 15
"""So many of its lines tell whose script it is."""

_FRESH = "rm -rf %s && mkdir -p -m 700 %s && mkdir %s/source"
_UNPACK = "cd %s && tar -xf archive -C source --strip-components=1 --no-same-owner"
_CONFIGURE = (
    "cd %s/source && { CPPFLAGS=%s ./configure --prefix=%s --with-init=systemd >../configure.log 2>&1"
    " || { tail -n 5 ../configure.log >&2; exit 1; }; }"
)
_MAKE = (
    'cd %s/source && { make -j"$(nproc)" >../make.log 2>&1'
    " || { grep -m 3 -i error ../make.log >&2 || tail -n 5 ../make.log >&2; exit 1; }; }"
)
_INSTALL = "make -C %s/source install DESTDIR=%s/fresh >%s/install.log"
_RECORD = (
    "cd %s && cp %s/*.log share/doc/keepalived/ && cp %s/source/keepalived/etc/init.d/keepalived %s"
    " && cd sbin && sha256sum keepalived >%s"
)
# Into place by renaming only: nobody sees half of it, and the work folder may be on another file system.
_MOVE = (
    f'set -e; {FREE}p=%s; n="$p.runbook-new"; o="$p.runbook-old"; free -d "$p" >&2; '
    'rm -rf "$n" "$o"; mkdir -p "$(dirname "$p")"; cp -a %s "$n"; '
    '[ ! -e "$p" ] || mv -T "$p" "$o"; mv -T "$n" "$p"; rm -rf "$o"'
)


@dataclass(frozen=True)
class Candidate:
    """A node with what it has and what it could build with."""

    host: str
    toolchain: Toolchain
    installed: Installed
    wanted: Provenance
    """What a build on it is made from."""
    leftovers: bool = False
    """A folder of a build or a copy that was interrupted is there."""
    in_the_way: str = ""
    """What stands at the prefix and is no folder, as `not_free_error` wants it."""

    @property
    def is_right(self) -> bool:
        """What is wanted stands there already."""
        return self.installed.is_build_of(self.wanted)


def plan_pair(nodes: tuple[Candidate, Candidate], source: Source, prefix: str) -> tuple[Change, Change]:
    """Build on one node, copy to the other when they are alike, else build there too. Pure.

    The node that has the right build already is copied from; else the MASTER builds, or who has a compiler.
    Raises HostError when nobody can build.
    """
    first = min(nodes, key=lambda node: (not node.is_right, bool(node.toolchain.missing)))
    second = nodes[1] if first is nodes[0] else nodes[0]
    if first.toolchain.platform != second.toolchain.platform:
        return _plan_own(first, source, prefix), _plan_own(second, source, prefix)
    same = first.is_right and second.is_right and first.installed.binary_sha256 == second.installed.binary_sha256
    return _plan_own(first, source, prefix), _right(second, prefix) if same else _plan_copy(second, first.host, prefix)


def _right(node: Candidate, prefix: str) -> Change:
    if node.leftovers:
        cleared = (clear_leftovers(prefix),)
        return Change(node.host, "clear away what an interrupted build left", cleared, "half a build")
    return Change.none(node.host, f"keepalived {node.wanted.version} stands there, built from this archive")


def clear_leftovers(prefix: str) -> Command:
    """Take away what a build or a copy that was interrupted left: a closed set of names, whatever is there. Pure."""
    return Command("rm -rf %s %s %s %s %s", half_built(prefix))


def half_built(prefix: str) -> tuple[str, ...]:
    """The folders that a build and a copy work in, each ours by its name. Pure."""
    return (WORK, *(f"{prefix}.runbook{end}" for end in ("-new", "-old", ".part", ".old")))


def _plan_own(node: Candidate, source: Source, prefix: str) -> Change:
    if node.is_right:
        return _right(node, prefix)
    _refuse_in_the_way(node)
    if node.toolchain.missing:
        raise HostError(f"{node.host} can't compile keepalived: it lacks {', '.join(node.toolchain.missing)}.", NEEDS)
    fresh = f"{WORK}/fresh{prefix}"
    provenance = WriteFile(f"{fresh}/{PROVENANCE_FILE}", render_provenance(node.wanted), node.installed.text)
    actions: list[Action] = [
        Command(_FRESH, (WORK, WORK, WORK), shown=f"empty {WORK}"),
        PushFile(source.path, f"{WORK}/archive"),
        Command(_UNPACK, (WORK,), shown="unpack it there"),
        Command(_CONFIGURE, (WORK, node.wanted.cppflags, prefix), 600.0, node.wanted.configure),
        Command(_MAKE, (WORK,), MAKE_WITHIN_S, "make -j"),
        Command(_INSTALL, (WORK, WORK, WORK), 300.0, f"make install DESTDIR={WORK}/fresh"),
        provenance,
        Command(_RECORD, (fresh, WORK, WORK, INIT_SCRIPT, HASH_FILE.rpartition("/")[2]), shown="record its SHA-256"),
        *_kept(node, prefix),
        Command(_MOVE, (prefix, fresh), shown=f"move it to {prefix}"),
        Command("rm -rf %s", (WORK,)),
    ]
    flags = f" with CPPFLAGS='{node.wanted.cppflags}'" if node.wanted.cppflags else ""
    title = f"build keepalived {source.version} into {prefix}{flags}"
    hint = f"The logs stand in {WORK} on {node.host}."
    return Change(node.host, title, tuple(actions), _was(node), hint, source.warning, brings=(binary(prefix),))


def _plan_copy(node: Candidate, source_host: str, prefix: str) -> Change:
    _refuse_in_the_way(node)
    # Leftovers at the end: the copy puts back what an interrupted one had moved aside, and its own may break off.
    actions: tuple[Action, ...] = (
        *_kept(node, prefix),
        CopyTree(source_host, prefix),
        Command("cd %s && sha256sum --check --quiet %s", (f"{prefix}/sbin", HASH_FILE.rpartition("/")[2])),
        *((clear_leftovers(prefix),) if node.leftovers else ()),
    )
    title = f"copy keepalived {node.wanted.version} from {source_host}: the nodes are alike"
    return Change(node.host, title, actions, _was(node), brings=(binary(prefix),))


def _refuse_in_the_way(node: Candidate) -> None:
    """Raises TransferError: a link of somebody's would be replaced, and what it leads to be left alone there."""
    if node.in_the_way:
        raise not_free_error(node.host, node.in_the_way)


def _kept(node: Candidate, prefix: str) -> tuple[Action, ...]:
    """Somebody else's installation under the prefix stays beside ours, for notebook 90 to put back."""
    found = node.installed
    return (keep_theirs(prefix, stands=found.exists),) if found.text is None else ()


def _was(node: Candidate) -> str:
    found = node.installed
    if not found.exists:
        return "not built"
    if found.provenance is None:
        return "installed by somebody else"
    if found.binary_sha256 != found.recorded_sha256:
        return "the binary is not the one that was built"
    return f"keepalived {found.provenance.version} of another archive, other settings or another platform"


def candidate(host: Host, source: Source, prefix: str) -> Candidate:
    """Ask a node what it has."""
    tools = toolchain(host)
    wanted = wanted_provenance(source, tools, prefix)
    left = those_there(host, *half_built(prefix))
    return Candidate(host.name, tools, installed(host, prefix), wanted, bool(left), in_the_way(host.run, prefix))


def init_script(host: Host, prefix: str) -> str:
    """The head of the archive's init.d script (chapter step 4); a sentence where the build kept none."""
    found = host.read_text(f"{prefix}/{INIT_SCRIPT}")
    if found is None:
        return f"{host.name} has no {prefix}/{INIT_SCRIPT}: run notebook 02."
    lines = found.splitlines()
    return "\n".join([*lines[:INIT_HEAD], f"… {len(lines) - INIT_HEAD} more lines in {prefix}/{INIT_SCRIPT}"])


@operation("02", "Build keepalived")
def build_keepalived(site: OpenSite) -> tuple[Change, ...]:
    """keepalived under its prefix on both nodes (chapter steps 2-3)."""
    prefix = site.model.keepalived.prefix
    source = keepalived_source(site.model)
    first, second = site.nodes
    return plan_pair((candidate(first, source, prefix), candidate(second, source, prefix)), source, prefix)
