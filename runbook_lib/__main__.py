"""The command line `runbook`."""

from __future__ import annotations

import errno
import sys
import traceback
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from runbook_lib import signals
from runbook_lib.errors import CANNOT_RUN, INTERRUPTED, RunbookError
from runbook_lib.lab.commands import app as lab_app
from runbook_lib.streams import standard_streams

# What a command needs is imported inside it: `runbook lab` must not wait for papermill and paramiko.
# ruff: noqa: PLC0415

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)
app.add_typer(lab_app, name="lab")
fault_app = typer.Typer(no_args_is_help=True, help="Inject a fault by hand, and undo it.")
app.add_typer(fault_app, name="fault")

File = Annotated[Path, typer.Option("-f", "--file", help="The parameter file: parameters/lab.yaml or your own.")]
Parameter = Annotated[
    list[str] | None,
    typer.Option("-p", metavar="NAME=VALUE", help="A dotted name inside site, or a notebook's own; VALUE is YAML."),
]

DEFECT = "runbook: this is a defect of runbook itself; the lines above belong in its report."
Configuration = Annotated[str, typer.Argument(metavar="FILE", help="A keepalived.conf; FILE@HOST for its @HOST lines.")]


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
        str | None, typer.Option("--only", metavar="NN,NN", help="Just these; the one way to run 10, 11 and 90.")
    ] = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="Show what would change, with diffs, and change nothing.")
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


@app.command()
def lint(
    file_a: Configuration,
    file_b: Configuration,
    *,
    json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Say what is wrong with a pair of keepalived.conf files. 0 nothing, 1 findings, 2 can't be parsed."""
    from runbook_lib.notebook.lint import lint_files

    raise typer.Exit(lint_files(file_a, file_b, as_json=json))


@app.command()
def predict(
    file_a: Configuration,
    file_b: Configuration,
    *,
    json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Say how long each fault would interrupt the service of a pair of keepalived.conf files. 2 can't be parsed."""
    from runbook_lib.notebook.predict import predict_files

    raise typer.Exit(predict_files(file_a, file_b, as_json=json))


@app.command()
def trial(
    fault: Annotated[str, typer.Argument(metavar="ID", help="A fault of the catalogue: runbook fault list -f FILE.")],
    file: File,
    *,
    trials: Annotated[
        int, typer.Option("-n", metavar="N", min=1, max=10_000, help="How many, each at another clock phase.")
    ] = 1,
    parameter: Parameter = None,
    seed: Annotated[int | None, typer.Option("--seed", metavar="S", help="For the clock phases.")] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help="The folder itself: new, or empty.")] = None,
) -> None:
    """Measure a fault N times; DIR/trials.csv has a line for each. Exit status as `run`."""
    from runbook_lib.notebook.trial import TrialRequest
    from runbook_lib.notebook.trial import trial as run_trials

    raise typer.Exit(run_trials(TrialRequest(fault, trials, file, tuple(parameter or ()), seed, out)))


@fault_app.command(name="list")
def list_faults(
    file: File,
    *,
    parameter: Parameter = None,
    json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Show every fault with its predicted outage; asks no machine."""
    from runbook_lib.notebook.fault import list_faults as list_all

    raise typer.Exit(list_all(file, tuple(parameter or ()), as_json=json))


@fault_app.command()
def inject(
    fault: Annotated[str, typer.Argument(metavar="ID", help="One of `runbook fault list -f FILE`.")],
    file: File,
    *,
    expire: Annotated[float, typer.Option(metavar="SECONDS", min=1, max=3600, help="When it ends by itself.")] = 60.0,
    parameter: Parameter = None,
) -> None:
    """Inject a fault into whoever holds the VIP; returns once its effect was seen. Exit status as `run`."""
    from runbook_lib.notebook.fault import inject as inject_fault

    raise typer.Exit(inject_fault(file, tuple(parameter or ()), fault, expire))


@fault_app.command()
def recover(file: File, *, parameter: Parameter = None) -> None:
    """Undo every fault that is on, power on and plug in the lab's machines; wait for steady state. Exit as `run`."""
    from runbook_lib.notebook.fault import recover as recover_site

    raise typer.Exit(recover_site(file, tuple(parameter or ())))


def main() -> None:
    """Run one command; an error of ours is one sentence and what to do next, with its exit status."""
    signals.listen(signals.SIGNALS)  # for good: a terminal that is closed hangs up twice, also while we exit
    with standard_streams():
        _run_command()


def _run_command() -> None:
    try:
        app()
    except KeyboardInterrupt as interrupt:
        _say(interrupt)
        raise SystemExit(INTERRUPTED) from None
    except SystemExit as ended:
        if isinstance(cause := getattr(ended.__context__, "__cause__", None), KeyboardInterrupt):
            _say(cause)  # typer's exit for it is mute
        raise
    except RunbookError as error:
        print(f"runbook: {error}", file=sys.stderr)
        raise SystemExit(error.exit_status) from None
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            _defect()
        where = error.filename or "this machine's disk, or the folder of --out"
        print(f"runbook: No space left on {where}. Free some there, and run it again.", file=sys.stderr)
        raise SystemExit(CANNOT_RUN) from None
    except Exception:  # noqa: BLE001 - a defect of ours must not look like a failed check (exit status 1)
        _defect()


def _say(interrupt: KeyboardInterrupt) -> None:
    """An interrupt has notes of what it could not undo (failover/faults/undoing.py)."""
    print("runbook: interrupted.", *getattr(interrupt, "__notes__", ()), file=sys.stderr)


def _defect() -> NoReturn:
    traceback.print_exc()
    print(DEFECT, file=sys.stderr)
    raise SystemExit(CANNOT_RUN) from None


if __name__ == "__main__":
    main()
