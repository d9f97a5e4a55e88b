"""The nodes' clocks against the machine's that measures: taken off their times, and their error drawn as a bar."""

from __future__ import annotations

import math
from collections.abc import Mapping

from runbook_lib.failover.measuring.samples import Window
from runbook_lib.hosts import ClockOffset, OpenSite, clock_offset

SAME = ClockOffset(0.0, 0.0)


def measured_clocks(site: OpenSite) -> Mapping[str, ClockOffset]:
    """Of each node, by name; the machines of a lab have one clock. Raises HostError."""
    if site.model.substrate == "lab":
        return {node.name: SAME for node in site.nodes}
    zero = SAME if site.model.observer == "controller" or site.observer is None else clock_offset(site.observer)
    return {node.name: clock_offset(node).against(zero) for node in site.nodes}


def fault_window(fault_s: float, clocks: Mapping[str, ClockOffset], undone_s: float = math.inf) -> Window:
    """The window of a fault that a node's clock dates: it opens earlier by what the worse of the clocks may be off."""
    return Window(fault_s - max(clock.error_s for clock in clocks.values()), undone_s)
