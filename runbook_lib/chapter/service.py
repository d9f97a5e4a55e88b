"""Chapter steps 4-5: keepalived's folder, its binary on the path, its unit, started at boot."""

from __future__ import annotations

from dataclasses import dataclass

from runbook_lib.chapter.answers import whole_number
from runbook_lib.chapter.change import Action, Change, Command, WriteFile
from runbook_lib.chapter.operation import operation
from runbook_lib.chapter.ownership import STATE, is_ours, keep_before, keep_theirs, note_unit
from runbook_lib.chapter.rendering import template
from runbook_lib.hosts import Host, OpenSite

FOLDER = "/etc/keepalived"
BINARY = "/usr/sbin/keepalived"
UNIT = "keepalived.service"
NEW = ".runbook-new"
"""Added to the name of the binary until it is in its place."""
PLACED = f"{STATE}/placed"
"""The SHA-256 of every binary that we put on the path, one a line."""
UNIT_FILE = f"/etc/systemd/system/{UNIT}"
"""Administrators' units win over a package's in /lib/systemd/system, and over the chapter's init.d script."""


@dataclass(frozen=True)
class ServiceState:
    """What systemd says of a unit: `systemctl show`."""

    loaded: bool
    active: str
    """active, inactive, failed, activating, deactivating or reloading."""
    enabled: bool
    file: str
    """The unit file that won."""
    main_pid: int
    since: str
    """When it became active, as systemd writes it; empty when it never did."""
    stale: bool = False
    """Its file is another than systemd has read: a step was interrupted before its daemon-reload."""


def service_state(host: Host, unit: str = UNIT) -> ServiceState:
    """The state of a unit, also of one that does not exist (chapter step 12)."""
    # key=value lines: `--value` needs systemd 230, CentOS 7 has 219.
    shown = host.run(
        "systemctl show %s -p LoadState -p ActiveState -p UnitFileState -p FragmentPath -p MainPID"
        " -p ActiveEnterTimestamp -p NeedDaemonReload",
        unit,
    )
    return parse_service_state(shown.check().stdout)


def parse_service_state(shown: str) -> ServiceState:
    """`systemctl show`'s key=value lines as a ServiceState. Pure."""
    values = dict(line.partition("=")[::2] for line in shown.splitlines())
    return ServiceState(
        loaded=values.get("LoadState") == "loaded",
        active=values.get("ActiveState", "unknown"),
        enabled=values.get("UnitFileState") == "enabled",
        file=values.get("FragmentPath", ""),
        main_pid=whole_number(values.get("MainPID", "")) or 0,
        since=values.get("ActiveEnterTimestamp", ""),
        stale=values.get("NeedDaemonReload") == "yes",
    )


@dataclass(frozen=True)
class Registration:
    """What stands where chapter step 4 puts things; hashes are SHA-256, empty when the file is not there."""

    built: str
    """Of the binary under the prefix (notebook 02)."""
    on_path: str
    """Of /usr/sbin/keepalived."""
    unit: str | None
    """The text of our unit's file."""
    stale: bool = False
    """systemd has read another one."""
    placed: bool = False
    """The binary on the path is one that we put there."""


def binary(prefix: str) -> str:
    """Where the build puts keepalived. Pure."""
    return f"{prefix}/sbin/keepalived"


def registration(site: OpenSite, host: Host) -> Registration:
    """What is registered on a host; of a build that is only planned, that it will be another."""
    built, on_path, unit = binary(site.model.keepalived.prefix), file_hash(host, BINARY), host.read_text(UNIT_FILE)
    return Registration(
        built="planned" if (host.name, built) in site.planned else file_hash(host, built),
        on_path=on_path,
        unit=unit,
        stale=service_state(host).stale,
        placed=is_placed(host, on_path, unit),
    )


def is_placed(host: Host, on_path: str, unit: str | None) -> bool:
    """Whether the binary of this SHA-256 on the path is one that we put there: by our record, or beside our unit."""
    placed = host.read_text(PLACED)
    return is_ours(unit) if placed is None else on_path in placed.split()


def file_hash(host: Host, path: str) -> str:
    """The SHA-256 of a file on a host; empty when there is none."""
    # 1: no such file, which is an answer here.
    hashed = host.run("sha256sum %s", path).check(normal=(0, 1))
    return hashed.stdout.partition(" ")[0] if hashed.exit_status == 0 else ""


def plan_registration(host: str, found: Registration, prefix: str) -> Change:
    """Copy the binary and write the unit where they differ (chapter step 4). Pure."""
    wanted = template("keepalived.service")
    binary_right = found.on_path != "" and found.on_path == found.built
    unit_right = found.unit == wanted and not found.stale
    if binary_right and unit_right:
        return Change.none(host, f"{UNIT} runs {BINARY}, which is the binary that was built")
    actions: list[Action] = [] if is_ours(found.unit) else [note_unit(UNIT)]
    actions.append(Command("mkdir -p %s", (FOLDER,)))
    if not binary_right and not (found.on_path and found.placed):
        actions.append(keep_theirs(BINARY, stands=bool(found.on_path)))
    if found.unit != wanted:
        actions += keep_before(UNIT_FILE, found.unit, wanted)
        actions.append(WriteFile(UNIT_FILE, wanted, found.unit))
    if not unit_right:
        actions.append(Command("systemctl daemon-reload"))
    if not binary_right:
        # A running binary can't be overwritten ("Text file busy"), but its name can be given to another file.
        new = f"{BINARY}{NEW}"
        built = binary(prefix)
        # Recorded before it is in its place: what stands there and is not recorded is somebody else's.
        place = "mkdir -p %s && install %s %s && sha256sum <%s >>%s && mv -f %s %s"
        values = (STATE, built, new, new, PLACED, new, BINARY)
        copy = Command(place, values, shown=f"install {built} {BINARY}")
        actions.append(copy)
    was = "not registered" if found.unit is None else "another binary or unit"
    hint = f"Notebook 02 builds {binary(prefix)}."
    return Change(host, f"register {UNIT}", tuple(actions), was, hint, brings=() if binary_right else (BINARY,))


def plan_enable(host: str, found: ServiceState) -> Change:
    """Start at boot (chapter step 5). Pure."""
    if found.enabled:
        return Change.none(host, f"{UNIT} is enabled")
    was = "not enabled" if found.loaded else "no such unit"
    return Change(host, f"enable {UNIT} at boot", (Command("systemctl enable %s", (UNIT,)),), was)


@operation("03", "Register keepalived as a service")
def register_service(site: OpenSite) -> tuple[Change, ...]:
    """Folder, binary and unit on both nodes (chapter step 4)."""
    prefix = site.model.keepalived.prefix
    return tuple(plan_registration(host.name, registration(site, host), prefix) for host in site.nodes)


@operation("03", "Start keepalived at boot")
def enable_service(site: OpenSite) -> tuple[Change, ...]:
    """Enabled on both nodes (chapter step 5)."""
    return tuple(plan_enable(host.name, service_state(host)) for host in site.nodes)
