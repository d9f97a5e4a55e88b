"""The Nacos cluster behind the entries: who is ready, who leads, and a configuration through the VIP (Open API, v1).

All is asked from a machine on the segment: to the lab's, the controller has no route.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass

from runbook_lib.errors import CommandError
from runbook_lib.hosts import Host, OpenSite

READINESS = "/nacos/v1/console/health/readiness"
NODES = "/nacos/v1/core/cluster/nodes"
CONFIGURATIONS = "/nacos/v1/cs/configs"
RAFT_OFFSET = 1000
"""A member's Raft port is its HTTP port less this."""
GROUP = "CUSTOM_GROUP"
NAMESPACE = "fast_team"
"""The chapter's last test."""
PROOF = "runbook-proof.yml"
"""Always the same name: what a run that was killed left behind is replaced and withdrawn by the next."""
ASK_S = 5


@dataclass(frozen=True)
class Member:
    """One Nacos member, as itself sees the cluster."""

    address: str
    """`192.168.42.128:8848`."""
    ready: bool
    leader: str
    """Address of the leader of the configurations' Raft group; empty: it knows none."""


def asker(site: OpenSite) -> Host:
    """The machine that asks: the observer, where there is none the BACKUP."""
    return site.observer or site.backup


def cluster_members(site: OpenSite) -> tuple[Member, ...]:
    """Every member of the parameters, ready or not."""
    return tuple(_member(asker(site), address) for address in site.model.nacos.members)


def _member(host: Host, address: str) -> Member:
    url = f"http://{address}"
    # Any exit status of curl is an answer: a member that starts refuses, or says 503.
    asked = host.run("curl -sf -m %s -o /dev/null %s && curl -sf -m %s %s", ASK_S, url + READINESS, ASK_S, url + NODES)
    return Member(address, asked.exit_status == 0, parse_leader(asked.stdout, address))


def parse_leader(nodes: str, address: str) -> str:
    """The leader that the member at `address` names in its answer about the cluster's nodes. Pure."""
    try:
        own = next(node for node in json.loads(nodes)["data"] if node["address"] == address)
        raft = own["extendInfo"]["raftMetaData"]["metaDataMap"]["nacos_config"]["leader"]
    except (ValueError, KeyError, TypeError, StopIteration):
        return ""  # it is still starting: the group is not there yet
    host, _, port = str(raft).rpartition(":")
    return f"{host}:{int(port) + RAFT_OFFSET}" if port.isdigit() else ""


@dataclass(frozen=True)
class Published:
    """A configuration that was published through the VIP, to be read back and withdrawn."""

    data_id: str
    group: str
    namespace: str
    value: str


def publish_proof(site: OpenSite) -> Published:
    """Publish a value that nobody can have guessed, under a name of our own, through the VIP.

    Raises CommandError when it is not taken: with three members, two must agree.
    """
    published = Published(PROOF, GROUP, NAMESPACE, f"proof: {secrets.token_hex(8)}")
    _ask(site, "POST", published, f"content={published.value}", "type=yaml")
    return published


def withdraw_proof(site: OpenSite, published: Published) -> str:
    """Remove it again, through the VIP; says so."""
    _ask(site, "DELETE", published)
    return f"{published.data_id} is withdrawn."


@dataclass(frozen=True)
class Reading:
    """What an entry says of a configuration."""

    status: int
    """HTTP status: 200, 404 for one that is not there; 0: no answer."""
    value: str


def read_configuration(site: OpenSite, published: Published, entry: str) -> Reading:
    """What `entry` (an address, the VIP or a member) gives for it."""
    url = f"http://{entry}{CONFIGURATIONS}"
    fields = [word for field in _fields(published) for word in ("--data-urlencode", field)]
    # Any exit status of curl is an answer; what was not answered has the status 000.
    asked = asker(site).run("curl -s -G -m %s -w '\\n%%{http_code}' %s" + " %s" * len(fields), ASK_S, url, *fields)
    return parse_reading(asked.stdout)


def parse_reading(answer: str) -> Reading:
    """The answer with its status on the last line. Pure."""
    value, _, status = answer.rpartition("\n")
    return Reading(int(status) if status.isdigit() else 0, value)


def _ask(site: OpenSite, method: str, published: Published, *more: str) -> None:
    url = f"http://{site.model.vip_address}:{site.model.openresty.port}{CONFIGURATIONS}"
    # DELETE takes its fields in the address, POST in the body.
    where = "-G" if method == "DELETE" else "-s"
    fields = [word for field in (*_fields(published), *more) for word in ("--data-urlencode", field)]
    slots = " %s" * len(fields)
    asked = asker(site).run("curl -sS %s -m %s -X %s %s" + slots, where, ASK_S, method, url, *fields)
    if asked.check(normal=range(256)).stdout.strip() != "true":
        said = (asked.stdout.strip() or asked.stderr.strip() or "no answer").splitlines()[0]
        raise CommandError(
            f"Nacos did not take {method} of {published.data_id} through the VIP: {said[:200]}.",
            "Check nacos.ready says which members are there, and who leads.",
        )


def _fields(published: Published) -> tuple[str, str, str]:
    return f"dataId={published.data_id}", f"group={published.group}", f"tenant={published.namespace}"
