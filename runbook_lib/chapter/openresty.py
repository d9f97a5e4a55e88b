"""The chapter before step 1: OpenResty on both nodes, with the upstream `nacosCluster` on LAN addresses.

Where OpenResty itself is not installed, the distribution's nginx and ngx_lua take its place, in OpenResty's layout.
An OpenResty that is not ours, or another server on its port, is left as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from runbook_lib.chapter.change import Action, Change, Command, WriteFile
from runbook_lib.chapter.operation import operation
from runbook_lib.chapter.ownership import is_ours, keep_before, note_unit
from runbook_lib.chapter.rendering import render
from runbook_lib.chapter.service import UNIT as KEEPALIVED
from runbook_lib.chapter.service import ServiceState, service_state
from runbook_lib.chapter.unit_processes import has_stopped, list_processes, signal_processes
from runbook_lib.errors import HostError
from runbook_lib.hosts import Host, OpenSite
from runbook_lib.site import Site

NGINX = "/usr/sbin/nginx"
MODULES = "/usr/lib/nginx/modules"
LUA = (f"{MODULES}/ndk_http_module.so", f"{MODULES}/ngx_http_lua_module.so")
USER = "www-data"
NAME = "openresty"
"""Of its processes: what the chapter's check script counts."""
# A reload starts new workers: the youngest is as old as the configuration that is in force.
_FRESH = (
    'p=$(sh -c %s | paste -sd,); youngest=$(ps -o etimes= -p "$p" | sort -n | head -n 1); '
    '[ -n "$youngest" ] && [ $(($(date +%%s) - youngest)) -ge "$(stat -c %%Y %s)" ]'
)
# A process belongs to the unit whose name its control group ends in.
_LISTENER = (
    "found=; other=; for q in $(ss -Hltnp %s | grep -o 'pid=[0-9]*' | cut -d= -f2); do c=$(cat /proc/$q/comm); "
    "[ \"$c\" = %s ] && awk -F/ -v u=%s -v k=%s '$NF == u || $NF == k {f = 1} END {exit !f}' /proc/$q/cgroup "
    '&& found=yes || other=${other:-$c}; done; [ -n "$found" ] || printf %%s "$other"'
)


@dataclass(frozen=True)
class EntryFiles:
    """The three files that make an entry."""

    launcher: str | None
    """`bin/openresty`: ours is a script, OpenResty's own a program."""
    configuration: str | None
    unit: str | None


@dataclass(frozen=True)
class Entry:
    """What a host has of OpenResty."""

    files: EntryFiles
    state: ServiceState
    executable: bool
    """The launcher may be run."""
    has_nginx: bool
    """The distribution's nginx with ngx_lua is installed."""
    fresh: bool
    """What runs was started or reloaded since the configuration was written."""
    frozen: bool = False
    """A process of its unit is stopped, as by SIGSTOP."""
    port_taken_by: str = ""
    """Who listens on the entry's port and is not our OpenResty: nginx, httpd; empty: nobody does."""

    @property
    def foreign(self) -> str:
        """An entry that we did not put there, in words: found, and not replaced; empty: there is none."""
        if self.files.launcher is not None and not is_ours(self.files.launcher):
            return "an OpenResty of its own"
        return f"{self.port_taken_by} of its own" if self.port_taken_by else ""


def launcher(site: Site) -> str:
    """The path of `openresty`: what the unit and the chapter's script start."""
    return f"{site.openresty.prefix}/bin/openresty"


def link(site: Site) -> str:
    """The path of our link to the distribution's nginx: it gives the processes their name."""
    return f"{site.openresty.prefix}/nginx/sbin/openresty"


def configuration(site: Site) -> str:
    """The path of nginx.conf."""
    return f"{site.openresty.prefix}/nginx/conf/nginx.conf"


def unit_file(site: Site) -> str:
    """The path of our unit."""
    return f"/etc/systemd/system/{site.openresty.unit}"


def wanted_entry(site: Site, node: str) -> EntryFiles:
    """The files as the site wants them on a node. Pure."""
    settings = site.openresty
    return EntryFiles(
        launcher=render("openresty.sh.j2", prefix=settings.prefix),
        configuration=render(
            "openresty.conf.j2", node=node, user=USER, modules=LUA, members=site.nacos.members, port=settings.port
        ),
        unit=render("openresty.service.j2", prefix=settings.prefix, restart_s=f"{settings.restart_s:g}"),
    )


def entry_found(host: Host, site: Site) -> Entry:
    """What a host has of OpenResty now."""
    conf = configuration(site)
    return Entry(
        EntryFiles(host.read_text(launcher(site)), host.read_text(conf), host.read_text(unit_file(site))),
        service_state(host, site.openresty.unit),
        executable=host.run("test -x %s", launcher(site)).exit_status == 0,
        has_nginx=host.run("[ -x %s ] && [ -e %s ] && [ -e %s ]", NGINX, *LUA).exit_status == 0,
        fresh=host.run(_FRESH, list_processes(site.openresty.unit, NAME), conf).exit_status == 0,
        frozen=host.run("sh -c %s", has_stopped(site.openresty.unit)).exit_status == 0,
        port_taken_by=port_taken_by(host, site),
    )


def port_taken_by(host: Host, site: Site) -> str:
    """Who listens on the entry's port, unless it is an OpenResty of our units; empty: nobody does."""
    asked = (f"sport = :{site.openresty.port}", NAME, site.openresty.unit, KEEPALIVED)
    return host.run(_LISTENER, *asked).stdout.strip().partition("\n")[0]


def plan_entry(host: str, site: Site, found: Entry, wanted: EntryFiles) -> Change:
    """Lay out, configure, enable and start what is missing or differs. Pure.

    Raises HostError when there is nothing to make an entry of.
    """
    if found.foreign:
        used = f"it has {found.foreign}: used as it is"
        thaw = _thawed(site, found)
        return Change(host, f"{used}, and thawed", thaw, "frozen") if thaw else Change.none(host, used)
    if not found.has_nginx:
        raise HostError(
            f"{host}: neither OpenResty ({launcher(site)}) nor the distribution's nginx with ngx_lua is installed.",
            "Install OpenResty, as the book's section before this one does, then run again.",
        )
    files = _plan_files(site, found, wanted)
    service = _plan_service(site, found, changed=bool(files))
    if not files and not service:
        return Change.none(host, f"{site.openresty.unit} is active with this configuration")
    was = (
        "nothing" if found.files.launcher is None else f"{found.state.active}, {'other' if files else 'the same'} files"
    )
    hint = f"journalctl -u {site.openresty.unit} -n 50, and {site.openresty.prefix}/nginx/logs/error.log"
    return Change(host, "set up the OpenResty entry", (*files, *service), was, hint)


def _plan_files(site: Site, found: Entry, wanted: EntryFiles) -> tuple[Action, ...]:
    prefix, files = site.openresty.prefix, found.files
    writes: list[Action] = []
    if files.launcher != wanted.launcher or not found.executable:
        writes += keep_before(launcher(site), files.launcher, wanted.launcher or "")
        writes.append(WriteFile(launcher(site), wanted.launcher or "", files.launcher, 0o755))
    if files.configuration != wanted.configuration:
        conf = WriteFile(configuration(site), wanted.configuration or "", files.configuration)
        # Before it is in its place: a reboot must not find a configuration that nginx refuses.
        writes += keep_before(conf.path, conf.before, conf.content)
        writes.append(replace(conf, tested_by=Command("%s -t -q -c %s", (launcher(site), conf.staged))))
    if files.unit != wanted.unit:
        writes += keep_before(unit_file(site), files.unit, wanted.unit or "")
        writes.append(WriteFile(unit_file(site), wanted.unit or "", files.unit))
    if not writes:
        return (Command("systemctl daemon-reload"),) if found.state.stale else ()
    layout = Command(
        "mkdir -p %s %s %s %s && ln -sfn %s %s",
        (
            *(f"{prefix}/{folder}" for folder in ("bin", "nginx/conf", "nginx/logs", "nginx/sbin")),
            NGINX,
            link(site),
        ),
    )
    first = (note_unit(site.openresty.unit),) if not is_ours(files.unit) else ()
    return *first, layout, *writes, Command("systemctl daemon-reload")


def _thawed(site: Site, found: Entry) -> tuple[Action, ...]:
    """SIGCONT harms nobody, so the whole control group may have it."""
    return (Command("systemctl kill --signal=CONT %s", (site.openresty.unit,)),) if found.frozen else ()


def _plan_service(site: Site, found: Entry, *, changed: bool) -> tuple[Action, ...]:
    unit = site.openresty.unit
    enable = () if found.state.enabled else (Command("systemctl enable %s", (unit,)),)
    test = Command("%s -t", (launcher(site),))
    if found.state.active != "active":
        return test, *enable, end_stray(), Command("systemctl restart %s", (unit,))
    thaw = _thawed(site, found)
    if changed or not found.fresh:
        return *thaw, test, *enable, Command("systemctl reload %s", (unit,))
    return *thaw, *enable


def end_stray() -> Command:
    """End an OpenResty that the chapter's check script started: in keepalived's group, it holds the port. Pure."""
    shown = f"end the OpenResty processes in the control group of {KEEPALIVED}"
    return Command("sh -c %s", (signal_processes("KILL", KEEPALIVED, NAME),), shown=shown)


@operation("01", "Set up OpenResty with the upstream nacosCluster")
def install_openresty(site: OpenSite) -> tuple[Change, ...]:
    """An entry on both nodes (the chapter's preparation, before step 1)."""
    return tuple(
        plan_entry(host.name, site.model, entry_found(host, site.model), wanted_entry(site.model, host.name))
        for host in site.nodes
    )
