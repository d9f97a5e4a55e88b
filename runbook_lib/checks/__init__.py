"""Named, read-only, executable claims about a site. `every` has those that hold once the chapter is done."""

from runbook_lib.checks.check_script import check_script_installed, check_script_reports
from runbook_lib.checks.clean_up import nothing_left
from runbook_lib.checks.client import client_answers, client_registered
from runbook_lib.checks.config import config_agrees, config_installed, config_valid
from runbook_lib.checks.firewall import ports_kept, ports_reachable, vrrp_arrives, vrrp_kept
from runbook_lib.checks.keepalived import (
    keepalived_provenance,
    keepalived_source,
    keepalived_toolchain,
    keepalived_version,
)
from runbook_lib.checks.machines import machines_clocks, machines_ready
from runbook_lib.checks.nacos import configuration_reads_back, configuration_withdrawn, nacos_console, nacos_ready
from runbook_lib.checks.openresty import openresty_answers, openresty_installed, openresty_restarts, openresty_running
from runbook_lib.checks.segment import keepalived_ours, router_id_free, vip_free
from runbook_lib.checks.service import (
    service_enabled,
    service_fresh,
    service_not_sysv,
    service_registered,
    service_running,
)
from runbook_lib.checks.verdict import Check, Status, Verdict
from runbook_lib.checks.vip import one_vip_holder, vip_answers
from runbook_lib.hosts import OpenSite

__all__ = [
    "EVERY",
    "Check",
    "Status",
    "Verdict",
    "check_script_installed",
    "check_script_reports",
    "client_answers",
    "client_registered",
    "config_agrees",
    "config_installed",
    "config_valid",
    "configuration_reads_back",
    "configuration_withdrawn",
    "every",
    "keepalived_ours",
    "keepalived_provenance",
    "keepalived_source",
    "keepalived_toolchain",
    "keepalived_version",
    "machines_clocks",
    "machines_ready",
    "nacos_console",
    "nacos_ready",
    "nothing_left",
    "one_vip_holder",
    "openresty_answers",
    "openresty_installed",
    "openresty_restarts",
    "openresty_running",
    "ports_kept",
    "ports_reachable",
    "router_id_free",
    "service_enabled",
    "service_fresh",
    "service_not_sysv",
    "service_registered",
    "service_running",
    "vip_answers",
    "vip_free",
    "vrrp_arrives",
    "vrrp_kept",
]

EVERY = (
    machines_ready,
    machines_clocks,
    keepalived_ours,
    vip_free,
    router_id_free,
    openresty_installed,
    openresty_running,
    openresty_answers,
    ports_reachable,
    ports_kept,
    keepalived_source,
    keepalived_toolchain,
    keepalived_version,
    keepalived_provenance,
    service_registered,
    service_enabled,
    service_not_sysv,
    vrrp_arrives,
    vrrp_kept,
    config_installed,
    config_valid,
    config_agrees,
    check_script_installed,
    check_script_reports,
    service_running,
    service_fresh,
    one_vip_holder,
    vip_answers,
    openresty_restarts,
    nacos_ready,
    nacos_console,
    client_answers,
    client_registered,
)


def every(site: OpenSite) -> tuple[Check, ...]:
    """What `runbook check` shows, in the chapter's order. Read-only, like every check."""
    return tuple(make(site) for make in EVERY)
