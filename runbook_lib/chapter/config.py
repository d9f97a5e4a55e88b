"""Chapter steps 7-8: keepalived.conf of the MASTER and the BACKUP, rendered from one model and tested on the node."""

from __future__ import annotations

from dataclasses import dataclass, replace

from runbook_lib.chapter.change import Change, Command, WriteFile
from runbook_lib.chapter.check_script import SCRIPT
from runbook_lib.chapter.operation import operation
from runbook_lib.chapter.ownership import keep_before
from runbook_lib.chapter.rendering import render
from runbook_lib.chapter.service import BINARY, FOLDER
from runbook_lib.hosts import Host, OpenSite
from runbook_lib.site import Node, Site

CONFIG = f"{FOLDER}/keepalived.conf"
SCRIPT_NAME = "chk_openresty"
MISSING_SCRIPT = f"Disabling track script {SCRIPT_NAME} since not found/accessible"
"""What `keepalived -t` says as long as step 9, the script, is to come."""

# `keepalived -t` says 0 to some files that it complains about ("Unknown keyword"), and its other statuses mean other
# things in 2.1.5 (3 can't run, 4 would change it, 5 insecure scripts) and 2.2.7 (4, 5, 6). So its words count, too:
# status 0 and no complaint about a line, or nothing but the script that step 9 is to bring.
_TEST = (
    "said=$(%s -t -f %s 2>&1); status=$?; printf '%%s\\n' \"$said\" >&2; "
    '[ "$said" = %s ] || { [ $status -eq 0 ] && ! printf "%%s" "$said" | grep -q "Line [0-9]*)"; }'
)


def render_configuration(model: Site, node: Node) -> str:
    """The whole keepalived.conf of one node; for MASTER and BACKUP only state, priority and comments differ. Pure.

    The weight's line is left out when it is 0 (then a failing script means FAULT), the authentication in version 3
    (it has none). `nopreempt` works only where both start as BACKUP, and only the node with the higher priority gets
    it: on the other one a weight could never move the VIP.
    """
    is_master = node.name == model.nodes.master.name
    vrrp = model.vrrp
    return render(
        "keepalived.conf.j2",
        node=node,
        step=7 if is_master else 8,
        state="MASTER" if is_master and vrrp.preempt else "BACKUP",
        nopreempt=is_master and not vrrp.preempt,
        interface=model.interface,
        vrrp=vrrp,
        advert_int=f"{vrrp.advert_int:g}",
        auth_pass=_quoted(vrrp.auth_pass) if vrrp.version == 2 and vrrp.auth_pass is not None else None,
        script=SCRIPT,
        check=model.check,
        fixed=model.check_script == "fixed",
        weight=model.effective_weight,
        vip=model.vip,
    )


def _quoted(word: str) -> str:
    """keepalived takes `#` and `!` for the start of a comment outside of quotes."""
    return word if word.isalnum() else f'"{word}"'


def installed_configuration(host: Host) -> str | None:
    """The text of keepalived.conf on a host; None: there is none."""
    return host.read_text(CONFIG)


def configuration_test(path: str) -> Command:
    """`keepalived -t` on a file, run on the node: succeeds when this keepalived would take it as it stands."""
    return Command(_TEST, (BINARY, path, MISSING_SCRIPT), shown=f"keepalived -t -f {path}")


def plan_configuration(host: str, found: str | None, wanted: str) -> Change:
    """Write the file where it differs, after its test on the node; what is not as we wrote it is kept. Pure."""
    if found == wanted:
        return Change.none(host, f"{CONFIG} says what the parameters say")
    file = WriteFile(CONFIG, wanted, found)
    write = replace(file, tested_by=configuration_test(file.staged))
    was = "no configuration" if found is None else "another configuration"
    hint = f"Notebooks 02 and 03 bring the {BINARY} that tests it."
    return Change(host, f"write {CONFIG}", (*keep_before(CONFIG, found, wanted), write), was, hint)


@dataclass(frozen=True)
class Tested:
    """What one node's keepalived says of its file, as a row for the reader."""

    node: str
    command: str
    exit_status: int
    said: str


def configuration_tests(site: OpenSite) -> tuple[Tested, ...]:
    """`keepalived -t` on the installed file of each node; any exit status is an answer."""
    ran = (host.run("%s -t -f %s", BINARY, CONFIG) for host in site.nodes)
    return tuple(Tested(r.host, r.command, r.exit_status, (r.stderr + r.stdout).strip() or "nothing") for r in ran)


@operation("05", "Write the configuration")
def write_configuration(site: OpenSite) -> tuple[Change, ...]:
    """Both nodes' keepalived.conf (chapter steps 7-8). A daemon that runs keeps the old one until 07 reloads it."""
    nodes = site.model.nodes.pair
    return tuple(
        plan_configuration(host.name, installed_configuration(host), render_configuration(site.model, node))
        for host, node in zip(site.nodes, nodes, strict=True)
    )
