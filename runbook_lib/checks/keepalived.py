"""Checks of chapter steps 1-3: the archive, and what was built from it."""

from __future__ import annotations

from runbook_lib.chapter.build import NEEDS
from runbook_lib.chapter.provenance import Installed, installed, said_version
from runbook_lib.chapter.source import cached_substitute, local_source
from runbook_lib.chapter.toolchain import Toolchain, toolchain
from runbook_lib.checks.pair import on_both
from runbook_lib.checks.verdict import Check, Verdict
from runbook_lib.errors import ArtifactError
from runbook_lib.hosts import OpenSite
from runbook_lib.site import Site

GIVE_UPSTREAMS = "Give upstream's archive: -p keepalived.archive=FILE."


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
    archive = f"{source.path.name}, SHA-256 {source.sha256}"
    if not source.warning:
        return Verdict.passed(f"{archive}, from {source.origin}")
    return Verdict.warned(f"{archive}: {source.warning}", GIVE_UPSTREAMS)


def keepalived_version(site: OpenSite) -> Check:
    """Check `keepalived.version`: both nodes have the wanted version, as it was built, and the same binary."""
    version = site.model.keepalived.version
    claim = f"Both nodes have the same keepalived {version}, as it was built."
    return Check("keepalived.version", claim, "02", lambda: _observe_version(site))


def _observe_version(site: OpenSite) -> Verdict:
    prefix = site.model.keepalived.prefix
    nodes = [(host.name, installed(host, prefix), said_version(host, prefix)) for host in site.nodes]
    return judge_version(nodes, site.model.keepalived.version)


def judge_version(nodes: list[tuple[str, Installed, str]], wanted: str) -> Verdict:
    """FAILED without our build or with two different ones, WARNED for another version or archive. Pure.

    Two hashes are right where the platforms differ: then each node built its own.
    """
    observed = "; ".join(f"{name}: {_described(found, said)}" for name, found, said in nodes)
    made = [found.provenance for _, found, _ in nodes if found.provenance is not None]
    if len(made) < len(nodes):
        return Verdict.failed(observed, "Notebook 02 builds it.")
    if not all(said for _, _, said in nodes):
        return Verdict.failed(observed, "Its libraries are missing, or it is another machine's: notebook 02 builds it.")
    alike = len({provenance.platform for provenance in made}) == 1
    if alike and len({found.binary_sha256 for _, found, _ in nodes}) > 1:
        return Verdict.failed(observed, "The nodes are alike and their binaries differ: notebook 02 copies one.")
    if {said for _, _, said in nodes} != {wanted} or any(provenance.warning for provenance in made):
        return Verdict.warned(f"{observed}; asked for upstream's {wanted}", GIVE_UPSTREAMS)
    return Verdict.passed(observed)


def keepalived_provenance(site: OpenSite) -> Check:
    """Check `keepalived.provenance`: each binary is the recorded build of the archive that is here."""
    claim = "Each node's binary is what its record says, built from the archive that the parameters ask for."
    return Check("keepalived.provenance", claim, "02", lambda: _observe_provenance(site))


def _observe_provenance(site: OpenSite) -> Verdict:
    model = site.model
    source = local_source(model) or cached_substitute(model)
    expected = source.sha256 if source else None
    return on_both(site, lambda host: judge_provenance(installed(host, model.keepalived.prefix), expected))


def judge_provenance(found: Installed, source_sha256: str | None) -> Verdict:
    """FAILED where the record is missing or contradicted; None: no archive here to compare with. Pure."""
    made = found.provenance
    if made is None:
        return Verdict.failed(
            "no record" if found.exists else "not built", "Notebook 02 builds it, and writes the record."
        )
    if not found.binary_sha256:
        return Verdict.failed("the binary is gone", "Notebook 02 builds it again.")
    if found.binary_sha256 != found.recorded_sha256:
        return Verdict.failed("the binary is not the recorded one", "It was exchanged since: 02 builds it again.")
    if source_sha256 and made.source_sha256 != source_sha256:
        return Verdict.failed(f"built from another archive ({made.archive})", "Notebook 02 builds it anew.")
    return Verdict.passed(f"binary {found.binary_sha256[:12]} from {made.archive} {made.source_sha256[:12]}")


def keepalived_toolchain(site: OpenSite) -> Check:
    """Check `keepalived.toolchain`: keepalived can be compiled on one node at least, and on both where they differ."""
    claim = "A node has what the build needs: compiler, make, headers of OpenSSL; both have it where they differ."
    return Check("keepalived.toolchain", claim, "02", lambda: _observe_toolchain(site))


def _observe_toolchain(site: OpenSite) -> Verdict:
    return judge_toolchains({host.name: toolchain(host) for host in site.nodes})


def judge_toolchains(found: dict[str, Toolchain]) -> Verdict:
    """FAILED when a build that is needed has no node to run on. Pure."""
    said = {name: "lacks " + ", ".join(t.missing) if t.missing else t.compiler for name, t in found.items()}
    observed = "; ".join(f"{name}: {what}" for name, what in said.items())
    able = [not tools.missing for tools in found.values()]
    alike = len({tools.platform for tools in found.values()}) == 1
    if all(able) or (alike and any(able)):
        return Verdict.passed(f"{observed}; {'alike, built once' if alike else 'different, built on each'}")
    return Verdict.failed(observed, NEEDS)


def _described(found: Installed, said: str) -> str:
    if found.provenance is None:
        return "not built by us" if found.exists else "not built"
    return f"{said or 'does not run'}, binary {found.binary_sha256[:12] or 'missing'}"
