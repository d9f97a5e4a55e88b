from __future__ import annotations

import time

from runbook_lib.failover.trials.pace import Pace


def test_the_rest_takes_as_long_as_the_others_did_in_the_mean() -> None:
    pace = Pace(4, begun_s=time.monotonic() - 60)
    assert str(pace) == "0 of 4"
    pace.one_more()
    assert str(pace) == "1 of 4, about 180 s left"
    for _ in range(3):
        pace.one_more()
    assert str(pace) == "4 of 4"
