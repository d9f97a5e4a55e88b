"""The one door to jinja2: the templates of this room as text. Pure but for reading package data."""

from __future__ import annotations

from importlib import resources

import jinja2

_FOLDER = resources.files("runbook_lib.chapter") / "templates"


def template(name: str) -> str:
    """A file of `templates/` as it stands."""
    return (_FOLDER / name).read_text(encoding="utf-8")


def render(name: str, /, **values: object) -> str:
    """A template filled in; a name that it uses and `values` lacks is an error (StrictUndefined)."""
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    return environment.from_string(template(name)).render(**values)
