"""Checks of chapter steps 1-3: the archive, and what was built from it."""

from __future__ import annotations

from runbook_lib.chapter.provenance import Installed, installed
from runbook_lib.chapter.source import cached_substitute, local_source
from runbook_lib.checks.verdict import Check, Verdict
from runbook_lib.errors import ArtifactError
from runbook_lib.hosts import Host, OpenSite
from runbook_lib.site import Site


def keepalived_source(site: OpenSite) -> Check:
    """Check `keepalived.source`: an archive is here, and is what its SHA-256 says. Looks at this machine only."""
    version = site.model.keepalived.version
    claim = f"The archive of keepalived {version} is on this machine, and is upstream's release."
    return Check("keepalived.source", claim, "02", lambda: judge_source(site.model))


def judge_source(model: Site) -> Verdict:
    """PASSED for upstream's release, WARNED for anything else that may be built. Reads the cache, fetches nothing."""
    try:
        source = local_source(model) or cached_substitute(model)
    except ArtifactError as error:
        return Verdict.failed(error.what, error.todo)
    if source is None:
        return Verdict.failed("it was not fetched yet", "Notebook 02 fetches it, or give keepalived.archive=FILE.")
    observed = f"{source.path.name} from {source.origin}, SHA-256 {source.sha256}"
    if not source.warning:
        return Verdict.passed(observed)
    return Verdict.warned(f"{observed}: {source.warning}", "Give upstream's archive: -p keepalived.archive=FILE.")


def keepalived_version(site: OpenSite) -> Check:
    """Check `keepalived.version`: both nodes have the wanted version, as it was built, and the same binary."""
    version = site.model.keepalived.version
    claim = f"Both nodes have the same keepalived {version}, as it was built."
    return Check("keepalived.version", claim, "02", lambda: _observe_version(site))


def _observe_version(site: OpenSite) -> Verdict:
    prefix = site.model.keepalived.prefix
    nodes = [(host.name, installed(host, prefix), said_version(host, prefix)) for host in site.nodes]
    return judge_version(nodes, site.model.keepalived.version)


def said_version(host: Host, prefix: str) -> str:
    """The version that the binary says: `Keepalived v2.1.5 (unknown)` is 2.1.5; empty: it doesn't run."""
    # 126 and 127: there is no binary, or not one of this machine's; that is an answer here. It speaks on stderr.
    said = host.run("%s --version", f"{prefix}/sbin/keepalived").stderr
    return parse_version(said)


def parse_version(said: str) -> str:
    """`keepalived --version`'s first line as a version. Pure."""
    words = said.split()
    return words[1].removeprefix("v") if len(words) > 1 and words[0] == "Keepalived" else ""


def judge_version(nodes: list[tuple[str, Installed, str]], wanted: str) -> Verdict:
    """FAILED without our build or with two different ones, WARNED for another version or archive. Pure.

    Two hashes are right where the platforms differ: then each node built its own.
    """
    observed = "; ".join(f"{name}: {_described(found, said)}" for name, found, said in nodes)
    made = [found.provenance for _, found, _ in nodes if found.provenance is not None]
    if len(made) < len(nodes):
        return Verdict.failed(observed, "Notebook 02 builds it.")
    if any(found.binary_sha256 != found.recorded_sha256 or not said for _, found, said in nodes):
        return Verdict.failed(observed, "A binary is not the one that was built: notebook 02 builds it again.")
    alike = len({provenance.platform for provenance in made}) == 1
    if alike and len({found.binary_sha256 for _, found, _ in nodes}) > 1:
        return Verdict.failed(observed, "The nodes are alike and their binaries differ: notebook 02 copies one.")
    if {said for _, _, said in nodes} != {wanted} or any(provenance.warning for provenance in made):
        warnings = "; ".join(dict.fromkeys(p.warning for p in made if p.warning)) or f"asked for {wanted}"
        return Verdict.warned(f"{observed} ({warnings})", "Give upstream's archive: -p keepalived.archive=FILE.")
    return Verdict.passed(observed)


def _described(found: Installed, said: str) -> str:
    if found.provenance is None:
        return "not built by us" if found.exists else "not built"
    return f"{said or 'does not run'}, binary {found.binary_sha256[:12] or 'missing'}"
