"""How far a number of like things is, and how long the rest will take."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

Tell = Callable[[str], None]
"""Who is told how far it is: `print` in a notebook."""


def tell_nobody(_: str) -> None:
    """For tests and other programs."""


@dataclass
class Pace:
    """So many things, of which some are done."""

    whole: int
    done: int = field(default=0, init=False)
    begun_s: float = field(default_factory=time.monotonic)

    def one_more(self) -> None:
        """Another one is done."""
        self.done += 1

    def __str__(self) -> str:
        """`3 of 16, about 120 s left`: when the others take as long as these did, in the mean."""
        left_s = (time.monotonic() - self.begun_s) / self.done * (self.whole - self.done) if self.done else 0.0
        return f"{self.done} of {self.whole}" + (f", about {left_s:.0f} s left" if left_s else "")
