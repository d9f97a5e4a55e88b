from __future__ import annotations

from dataclasses import replace

import pytest
from frames import BACKUP, BACKUP_MAC, MASTER, MASTER_MAC, VIP, advert, gratuitous, pcap
from raw_trials import SKEW_S, STEADY_S, ZERO, Story, raw_trial, stamp, without_capture

from runbook_lib.failover.measuring.samples import Sample
from runbook_lib.failover.measuring.timeline import timeline

SILENT = Story()
GOODBYE = Story(goodbye=True)


def test_every_layer_has_its_own_outage() -> None:
    seen = timeline(raw_trial(SILENT))
    assert [layer.name for layer in seen.layers] == ["vrrp", "arp", "icmp", "tcp", "http"]
    edges = {layer.name: (layer.outage.start_s, layer.outage.end_s) for layer in seen.layers if layer.outage}
    taken = SILENT.taken_s  # 2.4 + 3.805
    assert edges["vrrp"] == pytest.approx((2.4, taken + 0.003), abs=1e-5)
    assert edges["arp"] == pytest.approx((3.3, taken + 0.001), abs=1e-5)
    assert edges["icmp"] == edges["tcp"] == pytest.approx((3.3, 6.3))
    assert edges["http"] == pytest.approx((3.3, 6.21))
    assert all(layer.unobserved == "" for layer in seen.layers)


def test_a_silence_is_detected_when_three_advertisements_are_missing() -> None:
    parts = timeline(raw_trial(SILENT)).parts
    assert [part.name for part in parts] == ["detect", "elect", "add VIP", "announce", "first good answer"]
    ends = [part.end_s for part in parts]
    assert ends == pytest.approx([5.4, 6.205, 6.205, 6.206, 6.21], abs=1e-5)
    assert parts[0].start_s == pytest.approx(3.3)


def test_a_goodbye_is_heard_at_once() -> None:
    seen = timeline(raw_trial(GOODBYE))
    assert seen.goodbye_s == pytest.approx(3.301, abs=1e-5)
    assert seen.last_advert_s == pytest.approx(2.4, abs=1e-5)
    assert seen.parts[0].duration_s == pytest.approx(0.001, abs=1e-5)
    assert seen.parts[1].duration_s == pytest.approx(SKEW_S, abs=1e-5)


def test_without_a_capture_the_wire_is_unobserved_and_its_parts_are_one() -> None:
    seen = timeline(without_capture(raw_trial(SILENT)))
    assert seen.layer("vrrp").outage is None
    assert seen.layer("vrrp").unobserved == "sh: tcpdump: not found"
    assert seen.layer("arp").outage is not None  # the probe asked
    assert [part.name for part in seen.parts] == ["detect + elect", "add VIP", "announce + first good answer"]
    assert (seen.last_advert_s, seen.goodbye_s) == (None, None)


def test_what_was_written_down_in_part_is_not_read() -> None:
    raw = raw_trial(SILENT)
    cut = raw.addresses["node129"].splitlines(keepends=True)[:2]  # the MASTER's watch ended before the VIP went
    why = {"node129": "its session was lost", "capture": "tcpdump ended"}
    seen = timeline(replace(raw, addresses={**raw.addresses, "node129": "".join(cut)}, missing=why))
    assert (seen.violations, seen.overlaps, seen.gaps) == ((), (), ())
    assert [(u.lane, u.why) for u in seen.unknown] == [("node129", "its session was lost")]
    assert (seen.layer("vrrp").outage, seen.layer("vrrp").unobserved) == (None, "tcpdump ended")
    assert (seen.advertisements, seen.stall) == ((), "")


def test_arp_that_could_not_be_asked_is_read_from_the_wire() -> None:
    raw = raw_trial(SILENT)
    deaf = replace(raw.recording, others={}, missing={"arp": "[Errno 95] Operation not supported"})
    seen = timeline(replace(raw, recording=deaf))
    outage = seen.layer("arp").outage
    assert outage is not None
    assert (outage.start_s, outage.end_s) == pytest.approx((2.4, SILENT.taken_s + 0.001), abs=1e-5)
    assert seen.layer("icmp").unobserved == "it was not probed"


def test_what_could_not_be_sent_is_unknown_and_not_failed() -> None:
    raw = raw_trial(SILENT)
    lost = Sample(9, 0.9, 0.0, 0.9, "local-ENOBUFS", "", "icmp")
    icmp = (*raw.recording.lane("icmp")[:9], lost, *raw.recording.lane("icmp")[10:])
    seen = timeline(replace(raw, recording=replace(raw.recording, others={**raw.recording.others, "icmp": icmp})))
    assert [(u.lane, u.start_s, u.why) for u in seen.unknown] == [("icmp", 0.9, "local-ENOBUFS")]
    assert seen.layer("icmp").outage == timeline(raw).layer("icmp").outage


def test_two_holders_are_a_violation_and_nobody_only_beyond_the_band() -> None:
    raw = raw_trial(SILENT)
    kept = raw.addresses["node129"].splitlines(keepends=True)[:2]  # the kernel of the MASTER keeps the VIP
    (breach,) = timeline(replace(raw, addresses={**raw.addresses, "node129": "".join(kept)})).violations
    assert breach.nodes == ("node128", "node129")
    assert (breach.start_s, breach.end_s) == pytest.approx((SILENT.taken_s, STEADY_S), abs=1e-5)
    assert str(breach) == "node128 and node129 both held the VIP for 2795 ms (± 4 ms)"
    assert timeline(raw).violations == ()
    assert [gap.duration_s for gap in timeline(raw).gaps] == pytest.approx([2.905], abs=1e-5)
    (breach,) = timeline(replace(raw, longest_gap_s=2.8)).violations
    assert str(breach) == "nobody held the VIP for 2905 ms (± 4 ms)"


def test_a_node_that_wrote_nothing_is_unknown_and_leaves_no_gap() -> None:
    raw = raw_trial(SILENT)
    addresses = {"node129": raw.addresses["node129"]}
    seen = timeline(replace(raw, addresses=addresses, missing={"node128": "node128: unreachable"}))
    assert [(u.lane, u.why) for u in seen.unknown] == [("node128", "node128: unreachable")]
    assert (seen.gaps, seen.violations) == ((), ())
    assert seen.handover.successor == "node128"  # the wire says so


def test_one_who_is_not_heard_goes_on_advertising() -> None:
    raw = raw_trial(SILENT)
    ours = [(ZERO + 0.4 + i, advert(MASTER, 100)) for i in range(8)]
    frames = [*ours, (ZERO + SILENT.taken_s, advert(BACKUP, 50)), (ZERO + 7.0, advert(BACKUP, 50))]
    seen = timeline(replace(raw, capture=pcap(*sorted(frames))))
    assert seen.last_advert_s == pytest.approx(2.4, abs=1e-5)  # the last one before the fault: later ones were dropped
    assert seen.handover.successor == "node128"


def test_an_advertisement_that_went_out_while_the_fault_took_effect_still_counts() -> None:
    raw = raw_trial(SILENT)
    frames = [(ZERO + 2.4, advert(MASTER, 100)), (ZERO + 3.4, advert(MASTER, 100)), (ZERO + 7.205, advert(BACKUP, 50))]
    assert timeline(replace(raw, capture=pcap(*frames))).last_advert_s == pytest.approx(3.4, abs=1e-5)


def test_another_virtual_router_on_the_segment_is_none_of_ours() -> None:
    raw = raw_trial(SILENT)
    stranger = pcap((ZERO + 3.5, advert(BACKUP, 50, router_id=7)))[24:]
    assert timeline(replace(raw, capture=raw.capture + stranger)) == timeline(raw)


def test_nobody_took_over() -> None:
    raw = raw_trial(SILENT)
    alone = pcap(*[(ZERO + i, advert(MASTER, 100)) for i in range(9)])
    held = raw.addresses["node129"].splitlines(keepends=True)[:2]
    never = raw.addresses["node128"].splitlines(keepends=True)[:2]
    seen = timeline(replace(raw, capture=alone, addresses={"node129": "".join(held), "node128": "".join(never)}))
    assert seen.handover.successor == ""
    assert seen.layer("vrrp").outage is None
    assert [part.name for part in seen.parts] == ["first good answer"]
    assert (seen.gaps, seen.violations) == ((), ())


def test_claims_and_announcements_name_the_holders_mac() -> None:
    seen = timeline(raw_trial(SILENT))
    assert [claim.mac for claim in seen.claims] == [MASTER_MAC, BACKUP_MAC]
    assert [announced.mac for announced in seen.announcements] == [BACKUP_MAC]


def test_only_the_new_holders_own_words_are_its_first() -> None:
    raw = raw_trial(SILENT)
    words = [(ZERO + 4.0, advert(BACKUP, 0)), (ZERO + 4.1, gratuitous(MASTER_MAC))]
    seen = timeline(replace(raw, capture=pcap(*words) + raw.capture[24:]))
    assert seen.handover == timeline(raw).handover


def test_an_announcement_before_the_first_question_without_an_answer_ends_nothing() -> None:
    raw = raw_trial(Story(fault_s=3.25))
    early = pcap((ZERO + 3.27, gratuitous(BACKUP_MAC)))
    outage = timeline(replace(raw, capture=early + raw.capture[24:])).layer("arp").outage
    assert outage is not None
    assert (outage.start_s, outage.end_s) == pytest.approx((3.3, 6.3))


def test_what_is_lost_after_the_undo_is_not_the_faults() -> None:
    raw = replace(raw_trial(SILENT), undone_s=3.0, fault_s=2.0)
    seen = timeline(raw)
    assert [layer.outage for layer in seen.layers] == [None] * 5


def test_a_goodbye_counts_though_the_nodes_clock_puts_the_fault_a_little_after_it() -> None:
    raw = raw_trial(GOODBYE)
    assert timeline(replace(raw, fault_s=raw.fault_s + 0.0025)).goodbye_s == pytest.approx(3.301, abs=1e-5)
    assert timeline(replace(raw, fault_s=raw.fault_s + 0.0035)).goodbye_s is None


def test_who_held_the_vip_when_the_fault_came_may_be_another_than_in_the_steady_state_before() -> None:
    raw = raw_trial(GOODBYE)  # the MASTER is taken away to be brought back: that is the fault
    back_s, zero = 7.0, ZERO
    home = raw.addresses["node129"] + f"[{stamp(zero + back_s)}] 2: ens33    inet {VIP}/24 scope global\n"
    left = raw.addresses["node128"] + f"[{stamp(zero + back_s)}] Deleted 2: ens33    inet {VIP}/24 scope global\n"
    returns = pcap((zero + back_s, gratuitous(MASTER_MAC)), (zero + back_s + 0.01, advert(MASTER, 100)))[24:]
    returned = replace(
        raw,
        addresses={"node129": home, "node128": left},
        capture=raw.capture + returns,
        fault_s=6.0,
        ready_s=5.0,
        longest_gap_s=0.1,
    )
    seen = timeline(returned)
    assert (seen.holder, seen.handover.successor) == ("node128", "node129")
    assert seen.handover.vip_added_s == pytest.approx(back_s, abs=1e-5)
    assert (seen.gaps, seen.violations) == ((), ())
    (prepared,) = timeline(replace(returned, ready_s=0.0)).violations  # on purpose, and so not counted above
    assert prepared.duration_s == pytest.approx(0.806, abs=1e-5)
