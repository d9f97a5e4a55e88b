from __future__ import annotations

from runbook_lib.failover.measuring.holders import Hold, Seen, find_holds, parse_addresses

VIP = "192.168.42.130"
WRITTEN = """\
# boot at=1700000000.000000001 id=b1
[2023-11-14T22:13:20.150000] 2: ens33    inet 192.168.42.13/24 scope global ens33\\       valid_lft forever
# seen at=1700000000.25 2: ens33 inet 192.168.42.129/24 brd 192.168.42.255 scope global ens33 valid_lft forever
[2023-11-14T22:13:21.500000] 2: ens33    inet 192.168.42.130/24 scope global secondary ens33\\       valid_lft forever
[2023-11-14T22:13:22.750000] Deleted 2: ens33    inet 192.168.42.130/24 scope global secondary ens33\\       valid_lft
[2023-11-14T22:13:23.0000"""


def test_events_and_snapshots_of_the_vip_are_read_and_a_torn_line_is_left_out() -> None:
    assert parse_addresses(WRITTEN, VIP) == (
        Seen(1700000000.25, False, "b1", event=False),
        Seen(1700000001.5, True, "b1"),
        Seen(1700000002.75, False, "b1"),
    )


def test_a_snapshot_with_the_vip_begins_a_hold() -> None:
    text = f"# boot at=1.0 id=b1\n# seen at=2.0 2: ens33 inet {VIP}/24 scope global secondary ens33\n"
    assert find_holds("node129", parse_addresses(text, VIP), 9.0) == (Hold("node129", 2.0, None),)


def test_an_event_that_says_the_same_again_changes_nothing() -> None:
    seen = [Seen(1.0, True, "b1"), Seen(2.0, True, "b1"), Seen(3.0, False, "b1"), Seen(4.0, False, "b1")]
    assert find_holds("node129", seen, 9.0) == (Hold("node129", 1.0, 3.0),)


def test_a_machine_that_lost_its_power_held_the_vip_until_then() -> None:
    seen = [Seen(1.0, True, "b1"), Seen(9.0, False, "b2"), Seen(12.0, True, "b2")]
    assert find_holds("node129", seen, 5.0) == (Hold("node129", 1.0, 5.0), Hold("node129", 12.0, None))


def test_a_machine_that_was_restarted_by_somebody_else_held_it_until_it_was_seen_without() -> None:
    seen = [Seen(6.0, True, "b1"), Seen(9.0, True, "b2")]
    assert find_holds("node129", seen, 5.0) == (Hold("node129", 6.0, 9.0), Hold("node129", 9.0, None))


def test_a_machine_that_had_it_when_it_was_first_looked_at_after_its_boot_may_have_had_it_earlier() -> None:
    seen = [Seen(1.0, True, "b1", event=False), Seen(3.0, False, "b1"), Seen(9.0, True, "b2", event=False)]
    assert find_holds("node129", seen, 5.0) == (Hold("node129", 1.0, 3.0), Hold("node129", 9.0, None, found=True))
