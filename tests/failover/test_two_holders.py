"""One holder, but where two are predicted: of trials whose nodes' addresses are made by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from trials import FAULT_S, trial

from runbook_lib.checks.verdict import Skipped, Status, Verdict
from runbook_lib.failover.theory.band import Band
from runbook_lib.failover.trials.comparison import Comparison
from runbook_lib.failover.trials.series import Series
from runbook_lib.failover.trials.trial_record import Trial
from runbook_lib.failover.trials.two_holders import breaches, holders_as_predicted, judge_holders

START_UNIX_S = 1700000000.0
STAYS = Band(0.0, 0.1, "both hold it")


def addresses(begins_s: float, ends_s: float | None) -> str:
    """What a node wrote that had the VIP from here to there."""

    def event(at_s: float, gone: str) -> str:
        at = datetime.fromtimestamp(START_UNIX_S + at_s, UTC).isoformat(timespec="microseconds")[:-6]
        return f"[{at}] {gone}7: ens33    inet 192.168.42.130/24 scope global secondary ens33\n"

    began = f"# boot at={START_UNIX_S} id=b\n# seen at={START_UNIX_S + 0.1} 7: ens33 inet 192.168.42.9/24\n"
    return began + event(begins_s, "") + ("" if ends_s is None else event(ends_s, "Deleted "))


def held(fault: str, master_until_s: float | None, backup_from_s: float) -> Trial:
    written = {
        "node129": addresses(0.15, master_until_s),
        "node128": addresses(backup_from_s, 6.5 if master_until_s is None else None),
    }
    return replace(trial(0.0, band=STAYS), fault=fault, addresses=written)


def compared(series: dict[str, tuple[Trial, ...]]) -> Comparison:
    return Comparison(tuple(Series(name, trials) for name, trials in series.items()))


BOTH = held("block-vrrp-both", None, 5.0)
ONE_BY_ONE = held("unplug-master", FAULT_S, FAULT_S)


def test_a_second_holder_is_expected_of_some_faults() -> None:
    good = judge_holders(compared({"block-vrrp-both": (BOTH,), "unplug-master": (ONE_BY_ONE,)}))
    assert (good.status, good.observed) == (
        Status.PASSED,
        "two holders in 1 of 2 trials, as predicted, and in no other",
    )
    missed = judge_holders(compared({"block-vrrp-both": (held("block-vrrp-both", FAULT_S, FAULT_S),)}))
    assert (missed.status, missed.observed) == (Status.FAILED, "one holder only in shutdown-master-1a2b3c4d")
    extra = judge_holders(compared({"unplug-master": (held("unplug-master", None, 5.0),)}))
    assert extra.status is Status.FAILED
    assert extra.observed == "shutdown-master-1a2b3c4d: node128 and node129 both held the VIP for 1500 ms"
    assert judge_holders(Skipped("none")).status is Status.SKIPPED


def test_without_a_trial_that_is_judged_nobody_held_it_as_predicted() -> None:
    left = {"unplug-master": "unplug-master needs a hand"}
    assert judge_holders(Comparison((), left)) == Verdict.skipped(
        "no trial is judged; not tried: unplug-master needs a hand"
    )
    stalled = replace(trial(late_at_s=3.2), fault="unplug-master")
    assert judge_holders(compared({"unplug-master": (stalled,)})) == Verdict.skipped("no trial is judged; 1 disturbed")
    some = Comparison((Series("block-vrrp-both", (BOTH,)),), left)
    assert judge_holders(some) == Verdict.passed(
        "two holders in 1 of 1 trials, as predicted, and in no other; not tried: unplug-master needs a hand"
    )


def test_where_a_node_was_not_watched_nobody_knows_how_many_held_it() -> None:
    lost = {"node128": "its session was lost"}
    unseen, blind = replace(BOTH, missing=lost), replace(ONE_BY_ONE, missing=lost)
    assert judge_holders(compared({"block-vrrp-both": (unseen,), "unplug-master": (blind,)})) == Verdict.skipped(
        "no trial is judged; 2 in which a node was not watched"
    )


def test_luck_decides_where_packets_are_lost() -> None:
    lossy = held("vrrp-loss", None, 5.0)
    assert judge_holders(compared({"vrrp-loss": (lossy,)})) == Verdict.skipped(
        "no trial is judged; with vrrp-loss, where chance decides, two holders in 1 of 1"
    )
    lucky = held("vrrp-loss", FAULT_S, FAULT_S)
    assert judge_holders(compared({"unplug-master": (ONE_BY_ONE,), "vrrp-loss": (lossy, lucky)})) == Verdict.passed(
        "two holders in 0 of 1 trials, as predicted, and in no other; "
        "with vrrp-loss, where chance decides, two holders in 1 of 2"
    )
    assert holders_as_predicted(Skipped("none")).claim == (
        "Two held the VIP for longer than a hand-over with kill-keepalived, freeze-keepalived, block-vrrp-one-side, "
        "block-vrrp-both, and with nothing else, but for vrrp-loss, where chance decides."
    )


def test_a_row_for_the_reader() -> None:
    rows = breaches(compared({"block-vrrp-both": (BOTH,), "unplug-master": (ONE_BY_ONE,)}))
    assert not isinstance(rows, Skipped)
    assert (rows[0].predicted, rows[0].both_held_it, rows[0].http_outage) == ("two", "1500 ms", "none")
    assert (rows[1].predicted, rows[1].both_held_it) == ("one", "")
