"""Raw trials made by hand: the MASTER falls silent or says goodbye, the BACKUP takes over."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from frames import BACKUP, BACKUP_MAC, MASTER, MASTER_MAC, VIP, advert, answer, gratuitous, pcap

from runbook_lib.failover.measuring.samples import ARP, HTTP, Recording, Sample
from runbook_lib.failover.measuring.timeline import RawTrial
from runbook_lib.hosts import ClockOffset

ZERO = 1700000000.0
UNDONE_S, STEADY_S = 8.0, 9.0
SKEW_S = 0.805
NODES = {"node129": MASTER, "node128": BACKUP}
EVERY_S = {HTTP: 0.01, "tcp": 0.1, "icmp": 0.1, ARP: 0.1}


@dataclass(frozen=True)
class Story:
    """When what happened, in seconds on the probe's clock; A = 1 s."""

    fault_s: float = 3.3
    phase_s: float = 0.4
    """The first advertisement."""
    goodbye: bool = False
    node_clock_s: float = 0.0
    """So far the nodes' clocks are ahead of the observer's."""
    late_s: float = 0.0
    """So much later than its timer says does the BACKUP take over."""
    address_late_s: float = 0.0
    """So much later than its advertisement comes the BACKUP's address, and its announcement: its machine stalls."""
    start_s: float = 0.0
    """So much later on the observer's clock did everything happen."""

    @property
    def last_s(self) -> float:
        """The MASTER's last advertisement."""
        return self.phase_s + int(self.fault_s - self.phase_s)

    @property
    def taken_s(self) -> float:
        """When the BACKUP takes over."""
        return (self.fault_s + 0.001 if self.goodbye else self.last_s + 3.0) + SKEW_S + self.late_s

    @property
    def added_s(self) -> float:
        """When the BACKUP's kernel has the address."""
        return self.taken_s + self.address_late_s


def samples(lane: str, story: Story, *, until_s: float = STEADY_S) -> tuple[Sample, ...]:
    every = EVERY_S[lane]
    back_s = story.added_s + 0.002
    made = []
    for seq in range(round(until_s / every)):
        sent = seq * every
        if story.fault_s <= sent < back_s:
            made.append(Sample(seq, sent, 0.0, sent + 0.9, "timeout", "", lane))
        else:
            before = sent < story.fault_s
            entry = {HTTP: ("node129", "node128"), ARP: (MASTER_MAC, BACKUP_MAC)}.get(lane, ("", ""))[not before]
            made.append(Sample(seq, sent, 0.0, sent + 0.001, "ok", entry, lane))
    return tuple(made)


def raw_trial(story: Story = Story()) -> RawTrial:
    """What the observer and both nodes wrote of it."""
    zero = ZERO + story.start_s
    frames = [(at, advert(MASTER, 100)) for at in _seconds(story.phase_s, story.fault_s)]
    frames += [(story.fault_s + 0.001, advert(MASTER, 0))] if story.goodbye else []
    frames += [(story.added_s + 0.001, gratuitous(BACKUP_MAC)), (story.taken_s + 0.003, advert(BACKUP, 50))]
    frames += [(at, advert(BACKUP, 50)) for at in _seconds(story.taken_s + 1.003, STEADY_S)]
    frames += [(0.5, answer(MASTER_MAC)), (story.taken_s + 0.5, answer(BACKUP_MAC))]
    gone = f"[{stamp(zero + story.fault_s + story.node_clock_s)}] Deleted 2: ens33    inet {VIP}/24 scope global\n"
    come = f"[{stamp(zero + story.added_s + story.node_clock_s)}] 2: ens33    inet {VIP}/24 scope global\n"
    seen = f"# boot at={zero} id=b1\n# seen at={zero + 0.2 + story.node_clock_s:.6f}"
    return RawTrial(
        recording=Recording(zero, samples(HTTP, story), "", {lane: samples(lane, story) for lane in EVERY_S}),
        capture=pcap(*sorted((zero + at, frame) for at, frame in frames)),
        addresses={"node129": f"{seen} {VIP}/24\n{gone}", "node128": f"{seen} nothing\n{come}"},
        vip=VIP,
        holder="node129",
        nodes=NODES,
        router_id=51,
        fault_s=story.fault_s,
        undone_s=UNDONE_S,
        steady_s=STEADY_S,
        longest_gap_s=SKEW_S + (0.05 if story.goodbye else 3.05),
        clocks={name: ClockOffset(story.node_clock_s, 0.002) for name in NODES},
    )


def without_capture(raw: RawTrial) -> RawTrial:
    return replace(raw, capture=b"", missing={"capture": "sh: tcpdump: not found"})


def _seconds(first_s: float, end_s: float) -> list[float]:
    return [first_s + i for i in range(20) if first_s + i < end_s]


def stamp(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
