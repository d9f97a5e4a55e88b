"""The segment: a bridge in a namespace of its own, and a fresh namespace with one cable for every boot of a machine.

Nothing here touches the machine's own network namespace: a namespace is a descriptor that the supervisor holds, so it
has no name in /run/netns and ends with the supervisor. All functions but `Namespace.entered` block for milliseconds
and run netlink synchronously: call them in a thread (pyroute2's IPRoute refuses to work inside a running loop).
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pyroute2.iproute import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from runbook_lib.lab import syscalls
from runbook_lib.lab.procfs import listens_in
from runbook_lib.lab.topology import BROADCAST, INTERFACE, PREFIX_LENGTH, MachineSpec

BRIDGE = "segment"


@dataclass(frozen=True)
class Namespace:
    """A network namespace that lives as long as something uses it; `descriptor` is the use that is ours."""

    descriptor: int

    @classmethod
    def new(cls) -> Namespace:
        """A namespace with nothing in it but a loopback interface that is up."""
        with _own_namespace_kept():
            syscalls.unshare(syscalls.CLONE_NEWNET)
            made = cls(os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC))
            with IPRoute() as netlink:
                netlink.link("set", ifname="lo", state="up")
        return made

    @contextmanager
    def entered(self) -> Iterator[None]:
        """The calling thread is inside; a socket made here keeps this namespace for its life."""
        with _own_namespace_kept():
            syscalls.setns(self.descriptor)
            yield

    def close(self) -> None:
        """Give up our use: the kernel ends the namespace with the last socket in it."""
        os.close(self.descriptor)


@contextmanager
def _own_namespace_kept() -> Iterator[None]:
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield
    finally:
        syscalls.setns(home)
        os.close(home)


class Segment:
    """The chapter's 192.168.42.0/24: a bridge, and the far ends of the machines' cables, one named after each."""

    def __init__(self) -> None:
        self._namespace = Namespace.new()
        with self._netlink() as netlink:
            # forward_delay 0: a port forwards at once. No snooping: VRRP's multicast must reach every port.
            netlink.link("add", ifname=BRIDGE, kind="bridge", br_forward_delay=0, br_mcast_snooping=0)
            netlink.link("set", ifname=BRIDGE, state="up")

    def attach(self, machine: MachineSpec) -> Namespace:
        """A fresh namespace for one boot: `ens33` with the machine's address in it, its cable in the bridge."""
        inside = Namespace.new()
        try:
            with inside.entered(), IPRoute() as netlink:
                far_end = {"ifname": machine.name, "net_ns_fd": self._namespace.descriptor}
                netlink.link("add", ifname=INTERFACE, kind="veth", address=machine.mac, peer=far_end)
                index = netlink.link_lookup(ifname=INTERFACE)[0]
                netlink.addr("add", index=index, address=machine.address, prefixlen=PREFIX_LENGTH, broadcast=BROADCAST)
                netlink.link("set", index=index, state="up")
            with self._netlink() as netlink:
                bridge = netlink.link_lookup(ifname=BRIDGE)[0]
                netlink.link("set", ifname=machine.name, master=bridge, state="up")
        except BaseException:
            inside.close()
            raise
        return inside

    def detach(self, machine: MachineSpec) -> None:
        """Delete the machine's cable, both ends: from here on no frame of it reaches the segment."""
        with self._netlink() as netlink:
            for index in netlink.link_lookup(ifname=machine.name):
                try:
                    netlink.link("del", index=index)
                except NetlinkError as error:
                    if error.code != errno.ENODEV:  # the machine ended meanwhile, and its cable with it
                        raise

    def set_plugged(self, machine: MachineSpec, plugged: bool) -> None:
        """The far end up or down: the machine sees its carrier come or go, as with a cable pulled from a switch."""
        with self._netlink() as netlink:
            for index in netlink.link_lookup(ifname=machine.name):
                netlink.link("set", index=index, state="up" if plugged else "down")

    @contextmanager
    def _netlink(self) -> Iterator[IPRoute]:
        with self._namespace.entered(), IPRoute() as netlink:
            yield netlink


def listens(namespace: Namespace, port: int) -> bool:
    """Whether something accepts TCP connections there: asked of the kernel, as sshd would log a connection."""
    with namespace.entered():
        tables = [Path(f"/proc/thread-self/net/{table}").read_text() for table in ("tcp", "tcp6")]
    return any(listens_in(table, port) for table in tables)
