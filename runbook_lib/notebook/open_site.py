"""Open a site: from the parameters of a notebook to hosts that answer and a journal that records."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from runbook_lib import lab
from runbook_lib.errors import LabError, ParameterError
from runbook_lib.hosts import Endpoint, Host, Mark, OpenSite
from runbook_lib.journal import Journal
from runbook_lib.notebook import kernel
from runbook_lib.notebook.interrupted_cell import CellJournal, watch_cells
from runbook_lib.notebook.one_run import controller_id, site_key
from runbook_lib.notebook.parameters import resolve_paths
from runbook_lib.notebook.repository import BY_HAND, repository_top
from runbook_lib.outward import SHORTEST, Secret, protect
from runbook_lib.site import Machine, Site, parse_site


def open_site(site: dict[str, object]) -> OpenSite:
    """The site of a notebook's `site` parameter ({} is the chapter's lab), ready to be asked.

    Raises ParameterError for parameters that can't be used, LabError when its lab is not running. No SSH session is
    opened yet.
    """
    folder = kernel.writing_folder()
    journal = CellJournal(folder / "journal.jsonl", context=kernel.journal_context())
    watch_cells(journal)
    return kernel.use(open_model(parse_site(resolve_paths(site, repository_top())), journal, folder))


def open_model(model: Site, journal: Journal, folder: Path) -> OpenSite:
    """The same for a model whose paths are absolute, journalled there, writing to `folder`."""
    find: Mapping[str, Endpoint | Callable[[], Endpoint]]
    if model.substrate == "lab":
        find = _lab_endpoints(model)
    else:
        find = {machine.name: _ssh_endpoint(machine) for machine in model.machines}
    owner, run_id = f"{controller_id()}-{site_key(model)}", journal.context.get("run_id", "")
    run = "" if run_id == BY_HAND else run_id
    hosts = {name: Host(endpoint, journal, Mark(owner, run), name=name) for name, endpoint in find.items()}
    return OpenSite(model, hosts, journal, folder)


def _lab_endpoints(model: Site) -> dict[str, Callable[[], Endpoint]]:
    found = lab.find(model.lab.name)
    _refuse_another(found, model)
    return {machine.name: partial(found.endpoint, machine.name) for machine in model.machines}


def _refuse_another(found: lab.Lab, model: Site) -> None:
    """LabError when the running lab is not the one that the parameters describe."""
    if found.release != model.lab.release:
        raise LabError(
            f"Lab {model.lab.name!r} runs {found.release}, the parameters say lab.release: {model.lab.release}.",
            f"runbook lab down --name {found.name}; runbook lab up --name {found.name} --release {model.lab.release}",
        )
    there = {name: machine.address for name, machine in found.status().machines.items()}
    for machine in model.machines:
        found.ssh_port(machine.name)  # LabError for one that it lacks
        if there[machine.name] != machine.address:
            raise LabError(
                f"{machine.name} is {there[machine.name]} in the lab, the parameters say {machine.address}.",
                "The lab's addresses are the chapter's (table 4.2): leave them out of the parameters.",
            )


def _ssh_endpoint(machine: Machine) -> Endpoint:
    ssh = machine.ssh
    return Endpoint(
        machine.name,
        ssh.address or machine.address,
        ssh.port,
        ssh.user,
        key_file=Path(ssh.key_file) if ssh.key_file else None,
        fingerprint=ssh.fingerprint,
        password=_secret(machine, "password_env", ssh.password_env),
        sudo=ssh.sudo,
        sudo_password=_secret(machine, "sudo_password_env", ssh.sudo_password_env),
    )


def _secret(machine: Machine, parameter: str, variable: str | None) -> Secret | None:
    if variable is None:
        return None
    if variable not in os.environ:
        raise ParameterError(
            f"{machine.name}: ssh.{parameter} names the environment variable {variable}, which is not set.",
            f"Set it before you start: read -rs {variable} && export {variable}",
        )
    if len(os.environ[variable]) < SHORTEST:
        raise ParameterError(
            f"{machine.name}: the password in {variable} has fewer than {SHORTEST} characters.",
            "Masking it would mask half of every record: give the user a longer one.",
        )
    secret = Secret(os.environ[variable])
    protect(secret)
    return secret
