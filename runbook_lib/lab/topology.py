"""Who lives in the lab: the chapter's machines and addresses (table 4.2, figure 4.24). Constants only."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

DEFAULT_NAME = "chapter"
INTERFACE = "ens33"
PREFIX_LENGTH = 24
BROADCAST = "192.168.42.255"
VIP = "192.168.42.130"
HTTP_PORT = 80
SSH_PORT = 22


@dataclass(frozen=True)
class MachineSpec:
    """One machine of the segment; `nacos`: it carries the layer with the three Nacos members."""

    name: str
    address: str
    nacos: bool = False

    @property
    def mac(self) -> str:
        """A locally administered MAC address made from the IPv4 one: the same at every boot, as a real card's."""
        octets = ipaddress.IPv4Address(self.address).packed
        return ":".join(f"{octet:02x}" for octet in b"\x02\x00" + octets)


MACHINES = (
    MachineSpec("node128", "192.168.42.128", nacos=True),
    MachineSpec("node129", "192.168.42.129"),
    MachineSpec("observer", "192.168.42.131"),
    MachineSpec("client", "192.168.42.132"),
)
CLIENT = "client"
NAMES = tuple(machine.name for machine in MACHINES)


def name_option(lab: str) -> str:
    """What names the lab in a command line that is shown: ` --name mine`; empty for the default one. Pure."""
    return "" if lab == DEFAULT_NAME else f" --name {lab}"
