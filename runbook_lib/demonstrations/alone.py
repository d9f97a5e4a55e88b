"""keepalived alone for some seconds, in a network namespace of its own: a real daemon, whom nobody hears."""

from __future__ import annotations

from dataclasses import dataclass

from runbook_lib.chapter.check_script import SCRIPT
from runbook_lib.chapter.service import BINARY
from runbook_lib.demonstrations.leaving import IN_A_FOLDER
from runbook_lib.hosts import Host

LASTS_S = 3
"""A script is first run at the start; this much later it is not run at all."""
NOBODY = "nobody"
_TOKEN = "FOLDER-OF-THE-DEMONSTRATION"

# The script says who runs it. A bridge without ports stands in for the interface: not every kernel has `dummy`.
_ALONE = IN_A_FOLDER + (
    f'sed "s#{_TOKEN}#$t#" >conf; printf \'#!/bin/sh\\nid -un >%%s/ran\\n\' "$t" >check.sh; chmod %s check.sh; '
    'unshare --net sh -c \'ip link add "$1" type bridge && ip address add "$2" dev "$1" && ip link set "$1" up; '
    'exec timeout "$3" "$4" --dont-fork --log-console --use-file=conf --pid=pid --vrrp_pid=vrrp --checkers_pid=checkers'
    "' alone %s %s %s %s >log 2>&1 & daemon=$!; "
    "n=0; while [ ! -s ran ] && [ $n -lt %s ]; do sleep 0.1; n=$((n + 1)); done; "
    "kill -TERM $daemon; wait $daemon; cat ran 2>/dev/null || echo nobody; cat log"
)


@dataclass(frozen=True)
class Alone:
    """What came of it."""

    run_by: str
    """The user that ran the check script; `nobody` when it was not run."""
    log: str

    def said(self, *words: str) -> str:
        """The log's line that has the first of the words, or the next one, without its time; empty: none has."""
        found = (line for word in words for line in self.log.splitlines() if word in line)
        return next(found, "").partition(": ")[2]


def run_alone(host: Host, interface: str, configuration: str, script_mode: str) -> Alone:
    """Run the node's keepalived with this configuration, its check script replaced by one that says who runs it.

    Everything is in a temporary folder and a namespace, with a bridge called `interface`, that go with it.
    Raises HostError.
    """
    given = configuration.replace(SCRIPT, f"{_TOKEN}/check.sh").encode()
    values = (script_mode, interface, "192.0.2.1/24", LASTS_S + 1, BINARY, LASTS_S * 10)
    return parse_alone(host.run(_ALONE, *values, stdin=given).check().stdout)


def parse_alone(said: str) -> Alone:
    """The user, and keepalived's log. Pure."""
    run_by, _, log = said.partition("\n")
    return Alone(run_by, log)
