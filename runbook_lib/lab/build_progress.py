"""Turn the many lines of a builder into a few that a person can wait by."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

Progress = Callable[[str], None]

_EVERY_S = 5.0
_TO_INSTALL = re.compile(r"(\d+) newly installed")


class Paced:
    """Hands on a headline at once, and what only counts up at most every 5 s."""

    def __init__(self, title: str, progress: Progress, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._title = title
        self._progress = progress
        self._clock = clock
        self._told = clock()

    def tell(self, text: str) -> None:
        """Hand it on, with the title before it."""
        self._told = self._clock()
        self._progress(f"{self._title}: {text}")

    def count(self, text: str) -> None:
        """Hand it on unless something was told in the last 5 s."""
        if self._clock() - self._told >= _EVERY_S:
            self.tell(text)


class BuildProgress:
    """Feed it each line of mmdebstrap: it tells the headlines and, in between, how far apt and dpkg are."""

    def __init__(self, paced: Paced) -> None:
        self._paced = paced
        self._total = 0
        self._counts = {"Get": 0, "Unpacking": 0, "Setting": 0}

    def line(self, text: str) -> None:
        """Take one line of apt's, dpkg's or mmdebstrap's output."""
        if text.startswith("I: "):
            self._paced.tell(text[3:].strip())
        elif found := _TO_INSTALL.search(text):
            self._total += int(found[1])
        elif (word := re.split("[: ]", text, maxsplit=1)[0]) in self._counts:
            self._counts[word] += 1
            fetched, unpacked, set_up = self._counts.values()
            self._paced.count(f"of {self._total} packages {fetched} fetched, {unpacked} unpacked, {set_up} set up")
