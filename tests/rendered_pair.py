"""Both nodes' files as they are rendered for a site, for tests of what reads files."""

from __future__ import annotations

from pathlib import Path

from runbook_lib.chapter.config import render_configuration
from runbook_lib.site import parse_site


def rendered(folder: Path, **values: object) -> tuple[str, str]:
    model = parse_site(values)
    files = []
    for node in model.nodes.pair:
        (folder / f"{node.name}.conf").write_text(render_configuration(model, node))
        files.append(str(folder / f"{node.name}.conf"))
    return files[0], files[1]
