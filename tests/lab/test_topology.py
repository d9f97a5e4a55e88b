import ipaddress

from runbook_lib.lab import topology
from runbook_lib.site import Site


def test_the_sites_defaults_are_the_lab() -> None:
    site = Site()
    assert {m.name: m.address for m in site.machines} == {m.name: m.address for m in topology.MACHINES}
    assert site.interface == topology.INTERFACE
    assert site.vip == f"{topology.VIP}/{topology.PREFIX_LENGTH}"
    assert site.openresty.port == topology.HTTP_PORT
    assert site.lab.name == topology.DEFAULT_NAME


def test_the_nacos_members_live_on_the_machine_with_the_layer() -> None:
    carrier = next(machine for machine in topology.MACHINES if machine.nacos)
    assert {member.partition(":")[0] for member in Site().nacos.members} == {carrier.address}


def test_the_broadcast_address_is_the_segments() -> None:
    segment = ipaddress.IPv4Interface(Site().vip).network
    assert str(segment.broadcast_address) == topology.BROADCAST


def test_only_a_lab_of_another_name_is_named_in_a_command_line() -> None:
    assert (topology.name_option("chapter"), topology.name_option("mine")) == ("", " --name mine")


def test_mac_addresses_are_local_unicast_and_distinct() -> None:
    macs = [machine.mac for machine in topology.MACHINES]
    assert macs[0] == "02:00:c0:a8:2a:80"
    assert len(set(macs)) == len(macs)
