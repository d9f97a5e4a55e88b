"""The command line `runbook`."""

from __future__ import annotations

import signal
import sys
import traceback
from pathlib import Path
from typing import Annotated

import typer

from runbook_lib.errors import CANNOT_RUN, INTERRUPTED, RunbookError
from runbook_lib.lab.commands import app as lab_app

# What a command needs is imported inside it: `runbook lab` must not wait for papermill and paramiko.
# ruff: noqa: PLC0415

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)
app.add_typer(lab_app, name="lab")

File = Annotated[Path, typer.Option("-f", "--file", help="The parameter file: parameters/lab.yaml or your own.")]
Parameter = Annotated[
    list[str] | None,
    typer.Option("-p", metavar="NAME=VALUE", help="A dotted name inside site, or a notebook's own; VALUE is YAML."),
]


@app.callback()
def root() -> None:
    """Run the chapter's runbook on the embedded lab or on machines of your own."""


@app.command()
def run(
    file: File,
    *,
    parameter: Parameter = None,
    first: Annotated[str | None, typer.Option("--from", metavar="NN", help="The first notebook.")] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="NN", help="The last notebook.")] = None,
    only: Annotated[
        str | None, typer.Option("--only", metavar="NN,NN", help="Just these; the one way to run 90.")
    ] = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="Show what would change, with diffs, and touch nothing.")
    ] = False,
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Where the bundle's folder goes.")] = None,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; kept in the bundle.")] = "",
) -> None:
    """Execute the notebooks in order. 0 passed, 1 a check failed, 2 could not run, 3 warnings, 130 interrupted."""
    from runbook_lib.notebook.run import Request
    from runbook_lib.notebook.run import run as run_notebooks
    from runbook_lib.notebook.selection import Selection

    selection = Selection(first, last, only)
    raise typer.Exit(run_notebooks(Request(file, tuple(parameter or ()), selection, out, reason, plan)))


@app.command()
def check(
    file: File,
    *,
    parameter: Parameter = None,
    json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Look at every check once; read-only. Exit status as `run`."""
    from runbook_lib.notebook.check import check as check_site

    raise typer.Exit(check_site(file, tuple(parameter or ()), as_json=json))


def main() -> None:
    """Run one command; an error of ours is one sentence and what to do next, with its exit status."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: nothing half-done stays
    try:
        app()
    except KeyboardInterrupt:
        print("runbook: interrupted.", file=sys.stderr)
        raise SystemExit(INTERRUPTED) from None
    except RunbookError as error:
        print(f"runbook: {error}", file=sys.stderr)
        raise SystemExit(error.exit_status) from None
    except Exception:  # noqa: BLE001 - a defect of ours must not look like a failed check (exit status 1)
        traceback.print_exc()
        print("runbook: this is a defect of runbook itself; the lines above belong in its report.", file=sys.stderr)
        raise SystemExit(CANNOT_RUN) from None


if __name__ == "__main__":
    main()
