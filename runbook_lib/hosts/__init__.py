"""Reach a machine: SSH with pinned keys, quoting, sudo, atomic files. The only room that knows paramiko."""

from runbook_lib.hosts.endpoint import Endpoint
from runbook_lib.hosts.host import Completed, Host, Running
from runbook_lib.hosts.open_site import OpenSite
from runbook_lib.hosts.quoting import quote

__all__ = ["Completed", "Endpoint", "Host", "OpenSite", "Running", "quote"]
