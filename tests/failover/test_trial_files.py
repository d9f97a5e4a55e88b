from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
from raw_trials import Story, raw_trial
from trials import trial

from runbook_lib.errors import RunbookError
from runbook_lib.failover.measuring.samples import LANES, Recording, parse_recording
from runbook_lib.failover.theory.band import Band, Part
from runbook_lib.failover.trials.application import Followed
from runbook_lib.failover.trials.trial_files import read_trial, write_facts
from runbook_lib.failover.trials.trial_record import Trial


def written(recording: Recording) -> str:
    """The samples as the probe writes them."""
    lines = [f"# runbook probe 2 start_unix_us={recording.start_unix_s * 1e6:.0f} scheduler=fifo", "lane,seq,…"]
    for s in (s for lane in LANES for s in recording.lane(lane)):
        sent, late, done = (round(t * 1e6) for t in (s.sent_s, s.late_s, s.done_s))
        lines.append(f"{s.lane},{s.seq},{sent},{late},{done},{s.kind},{s.entry}")
    return "".join(f"{line}\n" for line in lines)


def kept(folder: Path, made: Trial) -> Trial:
    """The same trial, put into data/ and read again."""
    write_facts(folder, made)
    (folder / f"{made.name}.csv").write_text(made.recording.text, "utf-8")
    if made.capture:
        (folder / f"{made.name}.pcap").write_bytes(made.capture)
    for node, text in made.addresses.items():
        (folder / f"{made.name}-{node}.addresses.txt").write_text(text, "utf-8")
    return read_trial(folder, made.name)


def full_trial() -> Trial:
    raw = raw_trial(Story(node_clock_s=0.25))
    return replace(
        trial(),
        recording=parse_recording(written(raw.recording)),
        capture=raw.capture,
        addresses=raw.addresses,
        vip=raw.vip,
        holder=raw.holder,
        nodes=raw.nodes,
        router_id=raw.router_id,
        clocks=raw.clocks,
        fault_s=raw.fault_s,
        undone_s=raw.undone_s,
        steady_s=raw.steady_s,
        band=Band(2.805, 3.805, "3A + skew less up to A"),
    )


def test_a_trial_can_be_computed_anew_from_its_files_alone(tmp_path: Path) -> None:
    made = full_trial()
    again = kept(tmp_path, made)
    assert again == made
    assert again.timeline == made.timeline
    assert again.timeline.handover.successor == "node128"


def test_so_can_one_that_saw_less(tmp_path: Path) -> None:
    text = written(trial().recording)
    never = Band(math.inf, math.inf, "weight -20", (Part("not seen", math.inf, math.inf, "it never is"),))
    followed = Followed("a new value", 4.1, None, False)
    made = replace(
        trial(), recording=parse_recording(text), band=never, followed=followed, missing={"capture": "no tcpdump"}
    )
    again = kept(tmp_path, made)
    assert again == made
    assert again.timeline.layer("vrrp").unobserved == "no tcpdump"


def test_what_is_not_there_can_not_be_read(tmp_path: Path) -> None:
    with pytest.raises(RunbookError, match=r"has no trial gone: .* Name a trial by its \.json file there\."):
        read_trial(tmp_path, "gone")


def test_facts_that_were_edited_are_named(tmp_path: Path) -> None:
    made = trial()
    write_facts(tmp_path, made)
    file = tmp_path / f"{made.name}.json"
    file.write_text(file.read_text("utf-8").replace('"seed": 7', '"seed": "seven"'), "utf-8")
    with pytest.raises(RunbookError) as error:
        read_trial(tmp_path, made.name)
    assert str(error.value).startswith(f"{file}: facts.seed: Input should be a valid integer")
    assert str(error.value).endswith(". It was edited or damaged.")
