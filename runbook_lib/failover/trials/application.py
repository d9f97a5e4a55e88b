"""The sample application after the MASTER's loss: does a new value arrive, and does a fresh start read it?

`/getConfig` answers from memory, so its answer alone proves nothing: a value that nobody could have guessed is
published through the VIP, and the application is started afresh.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from runbook_lib.chapter.client import SENTENCE, UNIT, ask_application, publish_new_value, publish_sentence
from runbook_lib.chapter.service import service_state
from runbook_lib.failover.faults.undoing import undoing
from runbook_lib.hosts import Host, OpenSite

FOLLOWS_WITHIN_S = 60.0
"""Its long poll hangs on the dead connection for up to 45 s."""
STARTS_WITHIN_S = 90.0
"""A Spring Boot application: some 10 s where nothing else runs."""
LOOK_EVERY_S = 0.2


@dataclass(frozen=True)
class Followed:
    """After how many seconds the application gave the new value; None: not in time."""

    info: str
    fresh_s: float | None
    """One that was started afresh, since its start."""
    running_s: float | None = None
    """The one that ran all the time, since the value was published."""
    awaited: bool = False
    """The running one was waited for."""

    @property
    def in_time(self) -> bool:
        """Whoever was waited for gave the value."""
        return self.fresh_s is not None and not (self.awaited and self.running_s is None)

    def __str__(self) -> str:
        def told(seconds: float | None, within_s: float) -> str:
            return f"not within {within_s:.0f} s" if seconds is None else f"after {seconds:.1f} s"

        running = f" at the running application {told(self.running_s, FOLLOWS_WITHIN_S)}," if self.awaited else ""
        return f"{self.info!r}{running} at a fresh one {told(self.fresh_s, STARTS_WITHIN_S)}"


def follow_application(site: OpenSite, *, wait_for_running: bool) -> Followed | None:
    """Publish, look, start afresh, look, and put the old value back; None where no application runs.

    `wait_for_running`: also wait until the one that runs has heard of it, which takes up to 45 s.
    """
    if site.client is None or service_state(site.client, UNIT).active != "active":
        return None
    value = publish_new_value(site)
    assert value is not None  # there is a client
    with undoing(site.journal, lambda: publish_sentence(site)):
        running_s = _wait_for(site.client, value.info, FOLLOWS_WITHIN_S) if wait_for_running else None
        _restart(site.client)
        fresh_s = _wait_for(site.client, value.info, STARTS_WITHIN_S)
    return Followed(value.info, fresh_s, running_s, wait_for_running)


def restore_application(site: OpenSite) -> None:
    """Start it afresh where the VIP has come back, and wait until it answers.

    Else it would wait on its connection to the machine that had the VIP meanwhile.
    """
    if site.client is not None:
        _restart(site.client)
        _wait_for(site.client, SENTENCE, STARTS_WITHIN_S)


def _restart(client: Host) -> None:
    client.run("systemctl restart %s", UNIT).check()


def _wait_for(client: Host, info: str, within_s: float) -> float | None:
    begun = time.monotonic()
    while time.monotonic() - begun < within_s:
        if ask_application(client) == info:
            return round(time.monotonic() - begun, 1)
        time.sleep(LOOK_EVERY_S)
    return None
