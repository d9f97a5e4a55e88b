"""Turn mmdebstrap's many lines into a few that a person can wait by."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

_EVERY_S = 5.0
_TO_INSTALL = re.compile(r"(\d+) newly installed")


class BuildProgress:
    """Feed it each line; it reports the builder's own headlines, and in between how far dpkg is, every 5 s."""

    def __init__(
        self, title: str, progress: Callable[[str], None], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._title = title
        self._progress = progress
        self._clock = clock
        self._reported = clock()
        self._total = 0
        self._counts = {"Get": 0, "Unpacking": 0, "Setting": 0}

    def line(self, text: str) -> None:
        """Take one line of apt's, dpkg's or mmdebstrap's output."""
        if text.startswith("I: "):
            self._tell(text[3:].strip())
            return
        if found := _TO_INSTALL.search(text):
            self._total += int(found[1])
        word = re.split("[: ]", text, maxsplit=1)[0]
        if word in self._counts:
            self._counts[word] += 1
            if self._clock() - self._reported >= _EVERY_S:
                self._tell(self._counted())

    def _counted(self) -> str:
        fetched, unpacked, set_up = self._counts.values()
        return f"of {self._total} packages {fetched} fetched, {unpacked} unpacked, {set_up} set up"

    def _tell(self, text: str) -> None:
        self._reported = self._clock()
        self._progress(f"{self._title}: {text}")
