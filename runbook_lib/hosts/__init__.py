"""Reach a machine: SSH with checked host keys, quoting, sudo, atomic files. The only room that knows paramiko."""

from runbook_lib.hosts.clock import ClockOffset, clock_offset
from runbook_lib.hosts.endpoint import Endpoint
from runbook_lib.hosts.host import Host
from runbook_lib.hosts.leftovers import Mark
from runbook_lib.hosts.open_site import OpenSite
from runbook_lib.hosts.quoting import quote
from runbook_lib.hosts.running import Completed, Running

__all__ = ["ClockOffset", "Completed", "Endpoint", "Host", "Mark", "OpenSite", "Running", "clock_offset", "quote"]
