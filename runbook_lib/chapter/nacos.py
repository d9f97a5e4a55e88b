"""The Nacos cluster behind the entries: who is ready, who leads, and a configuration through the VIP (Open API, v1).

All is asked from a machine on the segment: to the lab's, the controller has no route.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from runbook_lib.chapter.answers import whole_number
from runbook_lib.chapter.change import Command
from runbook_lib.errors import CommandError
from runbook_lib.hosts import Host, OpenSite

READINESS = "/nacos/v1/console/health/readiness"
SELF = "/nacos/v1/core/cluster/self"
"""A member about itself; it may know itself by another address than the one that the entries use."""
CONFIGURATIONS = "/nacos/v1/cs/configs"
RAFT_OFFSET = 1000
"""A member's Raft port is its HTTP port less this."""
GROUP = "CUSTOM_GROUP"
NAMESPACE = "fast_team"
"""The chapter's last test."""
PROOF = "runbook-proof.yml"
"""Always the same name: what a run that was killed left behind is replaced and withdrawn by the next."""
ASK_S = 5
TRIES = 15
"""While the members elect a leader, or have no time for each other, they take nothing and say errCode: 500.

While none is there, the entry says 502."""
HEARD_WITHIN_S = 15.0
"""For every member to hear of a change: half a second is usual."""
TAKE_S = 15
"""A value that is published is agreed on by the members, and written to two disks at least."""


@dataclass(frozen=True)
class Member:
    """One Nacos member, as itself sees the cluster."""

    address: str
    """`192.168.42.128:8848`."""
    ready: bool
    leader: str
    """Address of the leader of the configurations' Raft group; empty: it knows none."""


def cluster_members(site: OpenSite) -> tuple[Member, ...]:
    """Every member of the parameters, ready or not."""
    return tuple(_member(site.asker, address) for address in site.model.nacos.members)


def _member(host: Host, address: str) -> Member:
    url = f"http://{address}"
    # Any exit status of curl is an answer: a member that starts refuses, or says 503.
    asked = host.run("curl -sf -m %s -o /dev/null %s && curl -sf -m %s %s", ASK_S, url + READINESS, ASK_S, url + SELF)
    return Member(address, asked.exit_status == 0, parse_leader(asked.stdout))


def parse_leader(answer: str) -> str:
    """The leader that a member names in its answer about itself. Pure."""
    try:
        raft = json.loads(answer)["data"]["extendInfo"]["raftMetaData"]["metaDataMap"]["nacos_config"]["leader"]
    except (ValueError, KeyError, TypeError):
        return ""  # it is still starting: the group is not there yet
    host, _, word = str(raft).rpartition(":")
    port = whole_number(word)
    return "" if port is None else f"{host}:{port + RAFT_OFFSET}"


@dataclass(frozen=True)
class Configuration:
    """A configuration as Nacos keeps it."""

    data_id: str
    group: str
    namespace: str
    value: str


def publish_proof(site: OpenSite) -> Configuration:
    """Publish a value that nobody can have guessed, under a name of our own, through the VIP. Raises as `publish`."""
    proof = Configuration(PROOF, GROUP, NAMESPACE, f"proof: {secrets.token_hex(8)}")
    publish(site, proof)
    return proof


def publish(site: OpenSite, configuration: Configuration) -> None:
    """Publish it through the VIP. Raises HostError when it is not taken: with three members, two must agree."""
    _submit(site, "POST", configuration, publishing(site, configuration))


def withdraw(site: OpenSite, configuration: Configuration) -> str:
    """Remove it again, through the VIP; says so. Raises HostError.

    Where a member goes on giving it, it is published in other words and removed once more. The members tell each other
    of a change, and each asks its own database then: one that lags puts back what was removed, and hears of nothing
    more.
    """
    _submit(site, "DELETE", configuration, withdrawing(site, configuration))
    if not (keeping := _lagging(site, configuration, lambda r: r.status == 200)):
        return f"{configuration.data_id} is withdrawn."
    again = replace(configuration, value=f"{configuration.value}\n")
    publish(site, again)
    _lagging(site, again, lambda r: r != Reading(200, again.value))  # else the same would happen again
    _submit(site, "DELETE", configuration, withdrawing(site, configuration))
    return f"{configuration.data_id} is withdrawn, twice: {' and '.join(keeping)} had it still."


def _lagging(site: OpenSite, configuration: Configuration, is_old: Callable[[Reading], bool]) -> list[str]:
    """Who gives what is old still, when everybody had time enough."""
    deadline = time.monotonic() + HEARD_WITHIN_S
    while lagging := [at for at, found in read_everywhere(site, configuration).items() if is_old(found)]:
        if time.monotonic() > deadline:
            break
        time.sleep(0.3)
    return lagging


def publishing(site: OpenSite, configuration: Configuration) -> Command:
    """The command that publishes it, for the machine that asks: succeeds when Nacos says that it took it. Pure."""
    return _request(site, "POST", "-s", (*_fields(configuration), f"content={configuration.value}", "type=yaml"))


def withdrawing(site: OpenSite, configuration: Configuration) -> Command:
    """The command that removes it, for the machine that asks. Pure."""
    return _request(site, "DELETE", "-G", _fields(configuration))


def _request(site: OpenSite, method: str, where: str, fields: tuple[str, ...]) -> Command:
    """`where`: POST takes its fields in the body (-s changes nothing), DELETE in the address (-G)."""
    words = [word for field in fields for word in ("--data-urlencode", field)]
    curl = f"curl -sS {where} -m %s -w ' %%{{http_code}}' -X {method} %s" + " %s" * len(words)
    url = f"http://{site.vip_http}{CONFIGURATIONS}"
    command = (
        f"for i in {' '.join(map(str, range(TRIES)))}; do said=$({curl} 2>&1); "
        'case "$said" in "true 200") exit;; *"errCode: 500"*|*" 50"[234]) sleep 1;; *) break;; esac; '
        'done; echo "$said" >&2; exit 1'
    )
    longest_s = TRIES * (TAKE_S + 1) + 10.0
    return Command(command, (str(TAKE_S), url, *words), longest_s, shown=f"{method} {url} {fields[0]}")


def _submit(site: OpenSite, method: str, configuration: Configuration, command: Command) -> None:
    asked = site.asker.run(command.command, *command.values, timeout_s=command.timeout_s, shown=command.shown)
    if asked.exit_status != 0:
        raise CommandError(
            f"Nacos did not take {method} of {configuration.data_id} through the VIP: {why_not_taken(asked.stderr)}.",
            "Check nacos.ready says which members are there, and who leads.",
        )


def why_not_taken(said: str) -> str:
    """What an answer, with its HTTP status as the last word, says to a reader. Pure."""
    answer, _, status = said.strip().rpartition(" ")
    if not answer:
        return "no answer"
    if answer.startswith("<"):  # a page for a browser: the entry's own
        return f"the entry answered {status}"
    return answer.splitlines()[0][:200].rstrip(". ")


@dataclass(frozen=True)
class Reading:
    """What an entry says of a configuration."""

    status: int
    """HTTP status: 200, 404 for one that is not there; 0: no answer."""
    value: str


def read_configuration(site: OpenSite, configuration: Configuration, entry: str) -> Reading:
    """What `entry` (an address, the VIP or a member) gives for it."""
    url = f"http://{entry}{CONFIGURATIONS}"
    fields = [word for field in _fields(configuration) for word in ("--data-urlencode", field)]
    # Any exit status of curl is an answer; what was not answered has the status 000.
    asked = site.asker.run("curl -s -G -m %s -w '\\n%%{http_code}' %s" + " %s" * len(fields), ASK_S, url, *fields)
    return parse_reading(asked.stdout)


def read_everywhere(site: OpenSite, configuration: Configuration) -> dict[str, Reading]:
    """The same from the VIP and from each member, by address."""
    return {at: read_configuration(site, configuration, at) for at in (site.vip_http, *site.model.nacos.members)}


def parse_reading(answer: str) -> Reading:
    """The answer with its status on the last line. Pure."""
    value, _, status = answer.rpartition("\n")
    return Reading(whole_number(status) or 0, value)


def _fields(configuration: Configuration) -> tuple[str, str, str]:
    return f"dataId={configuration.data_id}", f"group={configuration.group}", f"tenant={configuration.namespace}"
