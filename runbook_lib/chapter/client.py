"""The chapter's last test: the sample application on the machine `client`, which knows Nacos by the VIP only."""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import dataclass, replace

from runbook_lib.chapter.change import Action, Change, Command, PushFile, WriteFile
from runbook_lib.chapter.client_jar import NAME, client_jar, sources_sha256
from runbook_lib.chapter.nacos import (
    GROUP,
    NAMESPACE,
    Configuration,
    Reading,
    publish,
    publishing,
    read_configuration,
    withdrawing,
)
from runbook_lib.chapter.operation import operation
from runbook_lib.chapter.ownership import (
    BEFORE,
    NOTHING_STOOD,
    REPLACED,
    STATE,
    UNIT_RECORDS,
    WRITTEN,
    is_ours,
    keep_before,
    keep_theirs,
    note_unit,
    nothing_stood,
    restore_unit,
    restored,
    those_there,
    unit_record,
    written,
)
from runbook_lib.chapter.rendering import render
from runbook_lib.chapter.service import ServiceState, service_state
from runbook_lib.errors import HostError
from runbook_lib.hosts import Host, OpenSite
from runbook_lib.site import Site

UNIT = f"{NAME}.service"
UNIT_FILE = f"/etc/systemd/system/{UNIT}"
FOLDER = f"/opt/{NAME}"
PORT = 8080
PAGE = f"http://localhost:{PORT}/getConfig"
DATA_ID = f"{NAME}-dev.yml"
SENTENCE = "nacos cluster namespace fast_team group CUSTOM_GROUP active dev mysql database"
"""What the chapter's `curl http://localhost:8080/getConfig` gives. The lab's cluster has no MySQL, whatever it says."""
INSTANCES = "/nacos/v1/ns/instance/list"
ASK_S = 5
HEARS_WITHIN_S, LOOK_EVERY_S = 5.0, 0.2
"""Of a change, by its long poll: within 2 s, where it was not missed."""


def configuration(info: str = SENTENCE) -> Configuration:
    """The application's configuration in Nacos, with this under `custom.info`. Pure."""
    return Configuration(DATA_ID, GROUP, NAMESPACE, f"custom:\n  info: {json.dumps(info)}\n")


@dataclass(frozen=True)
class Application:
    """What the client machine has of the application."""

    state: ServiceState
    unit: str | None
    has_jar: bool
    has_java: bool
    has_folder: bool = True
    """Something stands in the place of its folder: an older jar of ours, or somebody's."""
    fresh: bool = True
    """What runs was started since the unit's file was written."""
    kept: frozenset[str] = frozenset()
    """Beside which that waits which stood there before us: the unit's file, the folder."""
    noted: bool = False
    """Something is noted of what was there before us, or left of an earlier removal."""


def jar_path() -> str:
    """Where the jar lies on the client: named by its sources, so that others are another jar."""
    return f"{FOLDER}/{NAME}-{sources_sha256()[:12]}.jar"


def application_found(host: Host) -> Application:
    """What is there now."""
    waiting = {path + BEFORE: path for path in (UNIT_FILE, FOLDER)}
    there = those_there(host, *waiting, *_noted())
    return Application(
        service_state(host, UNIT),
        host.read_text(UNIT_FILE),
        host.run("test -e %s", jar_path()).exit_status == 0,
        host.run("command -v java").exit_status == 0,
        has_folder=host.run("test -e %s", FOLDER).exit_status == 0,
        fresh=_is_fresh(host),
        kept=frozenset(path for name, path in waiting.items() if name in there),
        noted=not there.isdisjoint(_noted()),
    )


def _is_fresh(host: Host) -> bool:
    # 1: it does not run. Both ages are whole seconds, rounded down: the process may look a second older than it is.
    return host.run(
        '[ -e %s ] && age=$(ps -o etimes= -p "$(systemctl show %s -p MainPID | cut -d= -f2)") && '
        '[ "$age" -le $(($(date +%%s) - $(stat -c %%Y %s) + 1)) ]',
        UNIT_FILE, UNIT, UNIT_FILE,
    ).exit_status == 0  # fmt: skip


def wanted_unit(site: Site) -> str:
    """The unit's text: the VIP is all that it knows of Nacos. Pure but for the sources' hash."""
    server = f"{site.vip_address}:{site.openresty.port}"
    return render(
        "nacos-consumer-sample.service.j2",
        name=NAME, jar=jar_path(), server=server, namespace=NAMESPACE, group=GROUP, port=PORT,
    )  # fmt: skip


def plan_application(host: str, found: Application, wanted: str) -> Change:
    """Bring jar and unit, start it at boot and now. Raises HostError without Java, ArtifactError without a jar."""
    if not found.has_java:
        raise HostError(f"{host} has no java, which the sample application needs.", "Install a JRE, 11 or newer.")
    actions: list[Action] = []
    if not is_ours(found.unit):
        actions += [
            note_unit(UNIT),
            keep_theirs(FOLDER, stands=found.has_folder, may_be_ours=True),
        ]
    if not found.has_jar:
        actions += [Command("rm -rf %s", (FOLDER,)), PushFile(client_jar(), jar_path())]
    if found.unit != wanted:
        actions += (*keep_before(UNIT_FILE, found.unit, wanted), WriteFile(UNIT_FILE, wanted, found.unit))
    if found.unit != wanted or found.state.stale:
        actions.append(Command("systemctl daemon-reload"))
    if not found.state.enabled:
        actions.append(Command("systemctl enable %s", (UNIT,)))
    if actions or not found.fresh or found.state.active not in ("active", "activating"):
        actions.append(Command("systemctl restart %s", (UNIT,)))
    if not actions:
        return Change.none(host, f"{UNIT} is active, from these sources")
    was = "not there" if found.unit is None else f"{found.state.active}, from other sources or for another site"
    return Change(host, f"run {NAME}", tuple(actions), was, f"journalctl -u {UNIT} -n 50")


def plan_configuration(host: str, site: OpenSite, found: Reading) -> Change:
    """Publish the application's configuration through the VIP, unless Nacos has it. Pure."""
    wanted = configuration()
    if found == Reading(200, wanted.value):
        return Change.none(host, f"Nacos has {DATA_ID}")
    known = {200: "another value", 404: "not published"}
    was = known.get(found.status, "not known: Nacos does not answer through the VIP")
    return Change(host, f"publish {DATA_ID} through the VIP", (publishing(site, wanted),), was)


@operation("08", "Run the sample application on the client")
def install_client(site: OpenSite) -> tuple[Change, ...]:
    """The application and its configuration; nothing where the site has no client."""
    if site.client is None:
        return ()
    host = site.asker
    found = read_configuration(site, configuration(), site.vip_http)
    program = plan_application(site.client.name, application_found(site.client), wanted_unit(site.model))
    return plan_configuration(host.name, site, found), program


def ask_application(client: Host) -> str | None:
    """What /getConfig answers on the client machine; None: no answer."""
    asked = client.run("curl -sf -m %s %s", ASK_S, PAGE)
    return asked.stdout if asked.exit_status == 0 else None


@dataclass(frozen=True)
class NewValue:
    """A value that nobody could have guessed, published for the application."""

    info: str

    def __str__(self) -> str:
        return f"published through the VIP, in {DATA_ID}: custom.info = {self.info!r}"


def publish_new_value(site: OpenSite, *, until_heard: bool = False) -> NewValue | None:
    """Publish a fresh value for the application through the VIP; None where the site has no client.

    Not a change of the site: `publish_sentence` puts the old one back. `until_heard`: again where the application that
    runs missed it. Raises CommandError.
    """
    return _publish(site, NewValue(f"new value {secrets.token_hex(8)}"), until_heard=until_heard)


def publish_sentence(site: OpenSite, *, until_heard: bool = False) -> NewValue | None:
    """The chapter's own value again, as `publish_new_value` does."""
    return _publish(site, NewValue(SENTENCE), until_heard=until_heard)


def _publish(site: OpenSite, value: NewValue, *, until_heard: bool) -> NewValue | None:
    """Publish it, and where nobody heard it once more, in other words.

    A change reaches the members one after the other, within half a second. Spring reads what has changed anew, through
    the VIP: now and then (2 of 320 changes, measured) from a member that still has the old value. It knows the new
    text's hash by then, and hears of nothing until the text is another one.
    """
    if site.client is None:
        return None
    wanted = configuration(value.info)
    publish(site, wanted)
    if until_heard and not _hears(site.client, value.info):
        publish(site, replace(wanted, value=f"{wanted.value}\n"))
        publish(site, wanted)
    return value


def _hears(client: Host, info: str) -> bool:
    deadline = time.monotonic() + HEARS_WITHIN_S
    while time.monotonic() < deadline:
        if ask_application(client) == info:
            return True
        time.sleep(LOOK_EVERY_S)
    return False


def plan_withdrawal(site: OpenSite) -> Change:
    """Remove the application's configuration through the VIP, as long as somebody answers there (notebook 90)."""
    host, wanted = site.asker.name, configuration()
    if read_configuration(site, wanted, site.vip_http).status != 200:
        return Change.none(host, f"Nacos has no {DATA_ID}, or does not answer")
    return Change(host, f"withdraw {DATA_ID} through the VIP", (withdrawing(site, wanted),), "published")


def plan_removal(host: str, found: Application) -> Change:
    """Take away what is ours, and put back what was there before us (notebook 90). Pure."""
    unit = {"ours": is_ours(found.unit), "kept": UNIT_FILE in found.kept}
    # Without our unit the folder is ours by its jar, which is named by our sources.
    folder = {"ours": unit["ours"] or found.has_jar, "kept": FOLDER in found.kept}
    if not (found.noted or any((*unit.values(), *folder.values()))):
        return Change.none(host, f"no {NAME} of ours is here")
    actions: list[Command] = []
    if any(unit.values()):
        actions.append(Command("systemctl disable --now %s", (UNIT,)))
    actions += [*restored(UNIT_FILE, **unit), *restored(FOLDER, **folder)]
    actions += [Command("systemctl daemon-reload"), restore_unit(UNIT), _forget()]
    return Change(host, f"take away {NAME}", tuple(actions), found.state.active)


def _noted() -> tuple[str, ...]:
    """Where we note what was there before us, and what a removal that was killed left: each ours by its name. Pure."""
    notes = nothing_stood(UNIT_FILE), nothing_stood(FOLDER), written(UNIT_FILE), unit_record(UNIT)
    return *notes, FOLDER + REPLACED


def _forget() -> Command:
    """Take away our notes, and with them our folder, unless somebody else's are in it. Pure."""
    folders = (NOTHING_STOOD, WRITTEN, UNIT_RECORDS, STATE)
    command = "rm -rf %s %s %s %s %s; rmdir --ignore-fail-on-non-empty %s %s %s %s 2>/dev/null || :"
    return Command(command, (*_noted(), *folders), shown=f"rm our notes in {STATE}")


@dataclass(frozen=True)
class Instance:
    """One instance of a service, as Nacos lists it."""

    service: str
    ip: str
    port: int
    healthy: bool


def registered_instances(site: OpenSite) -> tuple[Instance, ...]:
    """The application's instances, asked for through the VIP; none is an answer."""
    service = f"{GROUP}@@{NAME}"
    asked = site.asker.run(
        "curl -sf -G -m %s %s --data-urlencode %s --data-urlencode %s",
        ASK_S, f"http://{site.vip_http}{INSTANCES}", f"serviceName={service}", f"namespaceId={NAMESPACE}",
    )  # fmt: skip
    return parse_instances(asked.stdout)


def parse_instances(answer: str) -> tuple[Instance, ...]:
    """Nacos' JSON as instances; none for what is no such answer. Pure."""
    try:
        hosts = json.loads(answer)["hosts"]
        return tuple(Instance(NAME, h["ip"], int(h["port"]), bool(h["healthy"])) for h in hosts)
    except (ValueError, KeyError, TypeError):
        return ()
