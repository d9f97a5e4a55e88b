"""What every chart shares: the colours, the type, and how it is kept and shown."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

ENTRY_COLOURS = ("#0072B2", "#009E73", "#56B4E9", "#CC79A7")  # Okabe and Ito: told apart with any colour vision
TAKEN = ENTRY_COLOURS[0]
LOST, BAND, MARK, SHADE = "#D55E00", "#F0E442", "#333333", "#EEEEEE"
STYLE: dict[Any, Any] = {  # matplotlib's own type lists all its names
    "font.size": 8.5,
    "axes.titlesize": 9.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.fontsize": 7.5,
    "svg.hashsalt": "runbook",  # the same trial gives the same file
    "svg.fonttype": "none",  # text stays text
}


@dataclass(frozen=True)
class Chart:
    """A drawn chart: shown by Jupyter as a picture, and by a terminal as its one sentence."""

    png: bytes
    sentence: str
    files: tuple[Path, ...]

    def _repr_png_(self) -> bytes:
        return self.png

    def __repr__(self) -> str:
        return self.sentence


def keep(figure: Figure, folder: Path, name: str, sentence: str) -> Chart:
    """The figure in `folder` as PNG and SVG, and as what a notebook shows."""
    png, svg = _rendered(figure, "png"), _rendered(figure, "svg")
    folder.mkdir(parents=True, exist_ok=True)
    files = (folder / f"{name}.png", folder / f"{name}.svg")
    for file, content in zip(files, (png, svg), strict=True):
        file.write_bytes(content)
    return Chart(png, sentence, files)


def _rendered(figure: Figure, kind: str) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format=kind, dpi=120, metadata={"Date": None} if kind == "svg" else None)
    return buffer.getvalue()
