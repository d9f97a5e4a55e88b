"""The nodes' clocks against the machine's that measures: carried as an error bar."""

from __future__ import annotations

from collections.abc import Mapping

from runbook_lib.errors import HostError
from runbook_lib.hosts import Clock, OpenSite, clock_of


def measured_clocks(site: OpenSite) -> Mapping[str, Clock]:
    """Each node's clock against the machine's that measures; a node that can't be asked is left out."""
    zero = Clock(0.0, 0.0) if site.model.observer == "controller" or site.observer is None else clock_of(site.observer)
    found = {}
    for node in site.nodes:
        try:
            clock = clock_of(node).against(zero)
        except HostError:
            continue
        found[node.name] = Clock(clock.offset_s, clock.error_s, shared=site.model.substrate == "lab")
    return found
