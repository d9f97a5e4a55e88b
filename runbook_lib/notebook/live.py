"""The pair as it is, drawn anew every second beside the cells that change it. The only door to ipywidgets."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from runbook_lib.chapter.pair_state import NodeState, node_state
from runbook_lib.chapter.vip import Answer, answer_through_vip
from runbook_lib.errors import HostError, LabError
from runbook_lib.hosts import OpenSite
from runbook_lib.journal import Journal
from runbook_lib.notebook.drawing import Seen, SiteDrawing
from runbook_lib.notebook.open_site import open_model
from runbook_lib.notebook.show import show

EVERY_S = 1.0
ANSWER = "answer through the VIP"
Look = Callable[[], NodeState | Answer]

_running: list[Panel] = []


def watch(site: OpenSite) -> None:
    """Show the pair as it is: who has the VIP, what each daemon does, what answers through the VIP.

    It goes on while other cells run, until it is paused, this kernel ends, or `watch` is called again. It looks over
    SSH sessions of its own and is not journalled: what the cells do is neither delayed nor mixed up with it.
    """
    for panel in _running:
        panel.end()
    own = open_model(site.model, Journal(None), site.folder)
    _running[:] = [Panel(own)]
    show(_running[0].widget)


class Panel:
    """The drawing and a button that pauses it; a thread for each that is asked, so that one that is off delays none."""

    def __init__(self, site: OpenSite) -> None:
        from ipywidgets import HTML, ToggleButton, VBox  # noqa: PLC0415 - slow: only where somebody watches

        looks: dict[str, Look] = {node.name: partial(node_state, site, node) for node in site.nodes}
        looks[ANSWER] = partial(answer_through_vip, site)
        self._model = site.model
        self._found: dict[str, Any] = dict.fromkeys(looks, "not asked yet")
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._drawing: Any = HTML(self._drawn())
        self._pause: Any = ToggleButton(description="Pause", icon="pause")
        self.widget: Any = VBox([self._drawing, self._pause])
        for name, look in looks.items():
            threading.Thread(target=self._follow, args=(name, look), daemon=True).start()

    @property
    def drawn(self) -> str:
        """The drawing that is shown now: SVG."""
        return str(self._drawing.value)

    @property
    def paused(self) -> bool:
        """Whether its button is pressed: then nobody is asked."""
        return bool(self._pause.value)

    @paused.setter
    def paused(self, pressed: bool) -> None:
        self._pause.value = pressed

    @property
    def ended(self) -> bool:
        """Whether it looks no more."""
        return self._ended.is_set()

    def end(self) -> None:
        """Look no more; the last drawing stays."""
        self._ended.set()

    def _follow(self, name: str, look: Look) -> None:
        while not self._ended.is_set():
            if not self.paused:
                found = _or_why_not(look)
                with self._lock:
                    self._found[name] = found
                    self._drawing.value = self._drawn()
            self._ended.wait(EVERY_S)

    def _drawn(self) -> str:
        nodes = dict(self._found)
        answer = nodes.pop(ANSWER)
        return SiteDrawing(self._model, Seen(nodes, answer))._repr_html_()


def _or_why_not(look: Look) -> NodeState | Answer | str:
    try:
        return look()
    except (HostError, LabError) as error:
        return error.what
