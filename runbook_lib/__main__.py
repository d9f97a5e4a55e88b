"""The command line `runbook`."""

from __future__ import annotations

import sys

import typer

from runbook_lib.errors import RunbookError
from runbook_lib.lab.commands import app as lab_app

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)
app.add_typer(lab_app, name="lab")


@app.callback()
def root() -> None:
    """Run the chapter's runbook on the embedded lab or on machines of your own."""


def main() -> None:
    """Run one command; an error of ours is one sentence and what to do next, with its exit status."""
    try:
        app()
    except RunbookError as error:
        print(f"runbook: {error}", file=sys.stderr)
        raise SystemExit(error.exit_status) from None


if __name__ == "__main__":
    main()
