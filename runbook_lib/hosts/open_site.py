"""An open site: the model, its machines as hosts, and its journal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from runbook_lib.hosts.host import Host
from runbook_lib.journal import Journal
from runbook_lib.site import Site


@dataclass(frozen=True)
class OpenSite:
    """What operations, checks and faults are given."""

    model: Site
    hosts: Mapping[str, Host]
    """By machine name."""
    journal: Journal
    folder: Path
    """Where charts and raw data go: the bundle."""
    planned: Mapping[tuple[str, str], str | None] = field(default_factory=dict)
    """What earlier steps of a plan would put where, by host and path; None: another file, of content not known yet."""

    @property
    def master(self) -> Host:
        """The node that the parameters make MASTER, whoever holds the VIP now."""
        return self.hosts[self.model.nodes.master.name]

    @property
    def backup(self) -> Host:
        """The other node."""
        return self.hosts[self.model.nodes.backup.name]

    @property
    def nodes(self) -> tuple[Host, Host]:
        """The pair, MASTER first."""
        return self.master, self.backup

    @property
    def vip_http(self) -> str:
        """Where the entry answers: `192.168.42.130:80`."""
        return f"{self.model.vip_address}:{self.model.openresty.port}"

    @property
    def observer(self) -> Host | None:
        """The machine that measures; None when the site has none."""
        machine = self.model.observer_machine
        return self.hosts.get(machine.name) if machine else None

    @property
    def asker(self) -> Host:
        """The machine that asks through the VIP, and the members: the observer, where there is none the BACKUP."""
        return self.observer or self.backup

    @property
    def client(self) -> Host | None:
        """The machine of the chapter's sample application; None when the site has none."""
        machine = self.model.client_machine
        return self.hosts.get(machine.name) if machine else None
