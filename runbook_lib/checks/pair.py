"""Judge both nodes, and say so node by node: one verdict of two."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from runbook_lib.checks.verdict import Status, Verdict
from runbook_lib.errors import HostError
from runbook_lib.hosts import Host, OpenSite

WORST_FIRST = (Status.FAILED, Status.UNKNOWN, Status.WARNED, Status.PASSED, Status.SKIPPED)


def on_both(site: OpenSite, judge: Callable[[Host], Verdict]) -> Verdict:
    """The worse of two verdicts. A node that can't be asked is UNKNOWN, and the other is asked still."""
    return on_each(site.nodes, judge)


def on_each(hosts: Iterable[Host], judge: Callable[[Host], Verdict]) -> Verdict:
    """The worst verdict of these machines, each asked whatever becomes of the others."""
    return worse((host.name, _judged(host, judge)) for host in hosts)


def worse(verdicts: Iterable[tuple[str, Verdict]]) -> Verdict:
    """The worst status, what was observed on each node, and each hint once. Pure."""
    judged = list(verdicts)
    status = min((verdict.status for _, verdict in judged), key=WORST_FIRST.index)
    observed = "; ".join(f"{name}: {verdict.observed}" for name, verdict in judged)
    hints = dict.fromkeys(verdict.hint for _, verdict in judged if verdict.hint)
    return Verdict(status, observed, " ".join(hints))


def _judged(host: Host, judge: Callable[[Host], Verdict]) -> Verdict:
    try:
        return judge(host)
    except HostError as error:
        return Verdict.unknown(without_name(error.what, host.name), error.todo)


def without_name(what: str, name: str) -> str:
    """What happened on a host, for a place where its name stands already. Pure."""
    return what.removeprefix(f"{name}:").removeprefix(f"{name} ").strip().rstrip(".")
