"""The pair as it is, drawn anew every second beside the cells that change it. The only door to ipywidgets."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from runbook_lib.chapter.nacos import ASK_S, Member, cluster_members
from runbook_lib.chapter.node_state import NodeState, node_state
from runbook_lib.chapter.vip import Answer, answer_through_vip
from runbook_lib.errors import HostError, LabError
from runbook_lib.hosts import Host, OpenSite
from runbook_lib.journal import Journal
from runbook_lib.notebook.drawing import Seen, SiteDrawing
from runbook_lib.notebook.open_site import open_model
from runbook_lib.notebook.show import show
from runbook_lib.outward import outward

EVERY_S = 1.0
STALE_S = 5.0
"""Longer than a look at a node takes, or one whose request through the VIP is given up."""
Found = TypeVar("Found")

_running: list[Panel] = []


def watch(site: OpenSite) -> None:
    """Show the pair as it is: who has the VIP, what each daemon does, what answers through the VIP.

    It goes on while other cells run, until it is paused, this kernel ends, or `watch` is called again. It looks over
    SSH sessions of its own, so that no cell waits for it, and is not journalled. It asks each node once a second,
    and the observer through the VIP: pause it before what that would disturb, a measurement or ARP (09-11). Like any
    widget's, its button is heard when no cell runs.
    """
    own = open_model(site.model, Journal(None), site.folder)
    for panel in _running:
        panel.end()
    _running[:] = [Panel(own)]
    show(_running[0].widget)


class Panel:
    """The drawing and a button that pauses it; a thread for each that is asked, so that one that is off delays none."""

    def __init__(self, site: OpenSite) -> None:
        from ipywidgets import HTML, ToggleButton, VBox  # noqa: PLC0415 - slow: only where somebody watches

        self._site = site
        self._nodes: dict[str, tuple[float, NodeState | str]] = {}
        self._answer: tuple[float, Answer | str] = time.monotonic(), ""
        self._members: tuple[float, tuple[Member, ...] | str] = time.monotonic(), ""
        self._ended = threading.Event()
        self._drawing: Any = HTML()
        self._pause: Any = ToggleButton(description="Pause", icon="pause")
        self.widget: Any = VBox([self._drawing, self._pause])
        self._draw()
        for node in site.nodes:
            self._start(self._look_at, node)
        self._start(self._ask_vip, site.asker)
        self._start(self._ask_members, site.asker)
        self._start(self._draw)

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
        """Look no more, and close its sessions; the last drawing stays, its button says why."""
        self._ended.set()
        self._pause.description, self._pause.disabled = "Ended", True

    def _start(self, do: Callable[..., None], *host: Host) -> None:
        threading.Thread(target=self._every_second, args=(do, *host), daemon=True).start()

    def _every_second(self, do: Callable[..., None], *host: Host) -> None:
        while not self._ended.is_set():
            if not self.paused:
                do(*host)
            self._ended.wait(EVERY_S)
        for each in host:
            each.close()

    def _look_at(self, node: Host) -> None:
        found = _or_why_not(lambda: node_state(node, self._site.model))
        self._nodes[node.name] = time.monotonic(), found

    def _ask_vip(self, _: Host) -> None:
        found = _or_why_not(lambda: answer_through_vip(self._site))
        self._answer = time.monotonic(), found

    def _ask_members(self, _: Host) -> None:
        found = _or_why_not(lambda: cluster_members(self._site))
        self._members = time.monotonic(), found

    def _draw(self) -> None:
        nodes = {name: _unless_stale(*look) for name, look in dict(self._nodes).items()}
        each_s = ASK_S * len(self._site.model.nacos.members)
        seen = Seen(nodes, _unless_stale(*self._answer), _unless_stale(*self._members, STALE_S + each_s))
        self._drawing.value = outward(SiteDrawing(self._site.model, seen)._repr_html_())


def _or_why_not(look: Callable[[], Found]) -> Found | str:
    try:
        return look()
    except (HostError, LabError) as error:
        return error.what


def _unless_stale(at: float, found: Found, within_s: float = STALE_S) -> Found | str:
    age_s = time.monotonic() - at
    return found if age_s < within_s else f"no answer for {age_s:.0f} s"
