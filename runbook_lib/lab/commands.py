"""The commands `runbook lab …`: one call each."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from runbook_lib import lab
from runbook_lib.lab.protocol import LabStatus
from runbook_lib.lab.topology import DEFAULT_NAME

app = typer.Typer(no_args_is_help=True, help="The embedded lab: whole machines on a segment of their own.")

Name = Annotated[str, typer.Option("--name", help="Which lab, where several run.")]
OPTIONS_TOO = {"ignore_unknown_options": True}
"""Of a command that is passed on: `lab ssh node129 ls -l`."""
Machine = Annotated[str, typer.Argument(help="node128, node129, observer or client.")]


@app.command()
def up(
    name: Name = DEFAULT_NAME,
    release: Annotated[str, typer.Option(help="Debian release of the machines: bookworm or trixie.")] = "bookworm",
    nacos_archive: Annotated[
        Path | None, typer.Option(help="An official nacos-server-1.4.1.tar.gz, in place of Maven.")
    ] = None,
    nacos: Annotated[bool, typer.Option(help="Start the three Nacos members on node128.")] = True,
) -> None:
    """Start the lab, unless it runs; ends when every machine answers SSH."""
    lab.up(name, release=release, nacos_archive=nacos_archive, with_nacos=nacos)


@app.command()
def down(name: Name = DEFAULT_NAME) -> None:
    """Remove the lab and everything that belongs to it."""
    was_there = lab.down(name)
    typer.echo(f"lab {name}: {'removed' if was_there else 'nothing to remove'}", err=True)


@app.command()
def status(
    name: Name = DEFAULT_NAME, json: Annotated[bool, typer.Option("--json", help="For programs.")] = False
) -> None:
    """Show the lab and its machines."""
    now = lab.status(name)
    typer.echo(now.as_json() if json else render_status(now))


@app.command(context_settings=OPTIONS_TOO)
def ssh(
    machine: Machine,
    command: Annotated[list[str] | None, typer.Argument(metavar="-- CMD...", show_default=False)] = None,
    name: Name = DEFAULT_NAME,
) -> None:
    """Open an SSH session as root on a machine, or run a command there as `ssh` does."""
    session = [*lab.find(name).ssh_command(machine), *(command or ())]
    os.execvp(session[0], session)


@app.command(name="exec", context_settings=OPTIONS_TOO)
def exec_(
    machine: Machine, command: Annotated[list[str], typer.Argument(metavar="-- CMD...")], name: Name = DEFAULT_NAME
) -> None:
    """Run a command as root on a machine, past its network; ends with the command's own exit status."""
    raise typer.Exit(_shell_status(lab.find(name).exec(machine, command)))


@app.command()
def logs(machine: Machine, name: Name = DEFAULT_NAME) -> None:
    """Print a machine's journal, also when it is off."""
    raise typer.Exit(_shell_status(lab.find(name).logs(machine)))


@app.command()
def power_off(machine: Machine, name: Name = DEFAULT_NAME) -> None:
    """Cut a machine's power: no shutdown, no goodbye."""
    lab.find(name).power_off(machine)


@app.command()
def power_on(machine: Machine, name: Name = DEFAULT_NAME) -> None:
    """Power a machine on; ends when it answers SSH."""
    running = lab.find(name)
    running.power_on(machine)
    running.wait_ssh(machine)


@app.command()
def reboot(machine: Machine, name: Name = DEFAULT_NAME) -> None:
    """Reboot a machine cleanly; ends when it answers SSH again."""
    running = lab.find(name)
    running.reboot(machine)
    running.wait_ssh(machine)


@app.command()
def unplug(machine: Machine, name: Name = DEFAULT_NAME) -> None:
    """Pull the cable of a machine's ens33; SSH, exec and logs still work."""
    lab.find(name).unplug(machine)


@app.command()
def plug(machine: Machine, name: Name = DEFAULT_NAME) -> None:
    """Put the cable in again."""
    lab.find(name).plug(machine)


def render_status(now: LabStatus) -> str:
    """The lab as a few lines of text. Pure."""
    lines = [f"lab {now.name}: {now.state}"]
    for name, machine in now.machines.items():
        cable = "" if machine.plugged else ", cable out"
        lines.append(f"  {name:<9} {machine.state:<8} {machine.address:<15} ssh 127.0.0.1:{machine.ssh_port}{cable}")
    if now.vip_http_port is not None:
        lines.append(f"  http://127.0.0.1:{now.vip_http_port} leads to the VIP's port 80, from the client machine")
    return "\n".join(lines)


def _shell_status(status: int) -> int:
    """An exit status as a shell gives it: 128 + N for a process that signal N ended."""
    return status if status >= 0 else 128 - status
