from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from caught_signals import caught
from fakes import FakeHost, open_fake_site

from runbook_lib import lab, signals
from runbook_lib.checks.verdict import Skipped, Verdict
from runbook_lib.errors import FaultError, HostError
from runbook_lib.failover import none_left
from runbook_lib.failover.faults import injection as injection_module
from runbook_lib.failover.faults.catalogue import FAULTS, Fault, fault_named
from runbook_lib.failover.faults.inject import injected, not_agreed, why_not
from runbook_lib.failover.faults.node_commands import START
from runbook_lib.failover.faults.node_record import render_record, render_undo_every
from runbook_lib.failover.faults.recovery import left_on, undo_recorded_faults
from runbook_lib.journal import FaultApplied, FaultRecorded, FaultUndone, read_journal
from runbook_lib.lab import LabStatus, MachineStatus

STOP = fault_named("stop-keepalived")
IS_ACTIVE = "sh -c systemctl is-active"
RECORD = "/var/lib/runbook/faults/stop-keepalived-1"
UNDO = f"sh -c ( flock 9; test ! -e {RECORD} || {{ sh {RECORD} 9>&-; exit $?; }} ) "
HOSTILE = "$(touch /x) ../y *"
LOOK = 'echo "record $name"'


def events(folder: Path) -> list[object]:
    return [record.event for record in read_journal(folder / "journal.jsonl")]


def left(undone: str, on: str = "") -> Callable[[str], tuple[int, str]]:
    """A node with these undos, and these things on."""
    return lambda command: (0, undone if 'echo "undone $name"' in command else on if LOOK in command else "")


def clock(command: str) -> tuple[int, str]:
    """A node whose commands succeed, and whose clock stands."""
    return 0, "1700000000.250000000\n" if "date +%s" in command else ""


def test_the_undo_is_recorded_before_the_fault_and_runs_after_it(tmp_path: Path) -> None:
    site, master = open_fake_site(tmp_path, clock)
    with injected(site, STOP, "stop-keepalived-1", master) as injection:
        recorded = master.commands[-1]
        assert recorded == f"sh -c {render_record('stop-keepalived-1', START, 180.0)}"
        assert injection.apply() == 1700000000.25
        assert master.commands[-2:] == [
            "sh -c set -e; test -e /var/lib/runbook/faults/stop-keepalived-1; date +%s.%N; "
            "{ systemctl stop keepalived.service; } >&2",
            rf"""sh -c was=$(sed -n "s/^was='\([0-9 ]*\)'$/\1/p" {RECORD} 2>/dev/null); """
            "! systemctl is-active --quiet keepalived.service",
        ]
    assert master.commands[-2].startswith(UNDO)
    assert master.commands[-1] == "sh -c systemctl is-active --quiet keepalived.service"
    assert [record.event for record in read_journal(tmp_path / "journal.jsonl")] == [
        FaultRecorded("stop-keepalived-1", "stop-keepalived", "node129", START, expires_s=180.0),
        FaultApplied("stop-keepalived-1", at="2023-11-14T22:13:20.250000+00:00"),
        FaultUndone("stop-keepalived-1", confirmed=True),
    ]


@pytest.mark.parametrize("reason", [RuntimeError, KeyboardInterrupt])
def test_the_undo_runs_whatever_ends_the_trial(tmp_path: Path, reason: type[BaseException]) -> None:
    site, master = open_fake_site(tmp_path, clock)

    def trial() -> None:
        with injected(site, STOP, "stop-keepalived-1", master):
            raise reason

    with pytest.raises(reason):
        trial()
    assert any(command.startswith(UNDO) for command in master.commands)


def test_an_interrupt_during_the_undo_waits_for_its_end(tmp_path: Path) -> None:
    def pressed(command: str) -> tuple[int, str]:
        if command.startswith(UNDO):
            signals.interrupt()
        return clock(command)

    site, master = open_fake_site(tmp_path, pressed)
    with caught(), pytest.raises(KeyboardInterrupt), injected(site, STOP, "stop-keepalived-1", master) as it:
        it.apply()
    assert events(tmp_path)[-1] == FaultUndone("stop-keepalived-1", confirmed=True)


def test_nothing_is_applied_where_the_undo_cannot_be_recorded(tmp_path: Path) -> None:
    site, master = open_fake_site(tmp_path, lambda command: (1 if "deadline=" in command else 0, ""))
    with pytest.raises(HostError), injected(site, STOP, "stop-keepalived-1", master) as injection:
        injection.apply()
    assert not any("systemctl stop keepalived" in command for command in master.commands)


def test_an_undo_that_no_probe_confirms_is_an_error(tmp_path: Path) -> None:
    fault = replace(STOP, back_within_s=0.0)
    site, master = open_fake_site(tmp_path, lambda command: (3, "") if IS_ACTIVE in command else clock(command))
    with pytest.raises(HostError) as error, injected(site, fault, "stop-keepalived-1", master) as injection:
        injection.apply()
    assert str(error.value) == (
        "node129: the undo of stop-keepalived ran, but is not confirmed within 0 s. "
        "This must succeed there: systemctl is-active --quiet keepalived.service"
    )
    assert read_journal(tmp_path / "journal.jsonl")[-1].event == FaultUndone("stop-keepalived-1", confirmed=False)


def test_a_fault_without_effect_is_an_error_and_undone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(injection_module, "EFFECT_WITHIN_S", 0.0)
    monkeypatch.setattr(injection_module, "EFFECT_ADVERTISEMENTS", 0)
    site, master = open_fake_site(tmp_path, lambda command: (1, "") if "was=$(sed" in command else clock(command))
    with pytest.raises(FaultError) as error, injected(site, STOP, "stop-keepalived-1", master) as injection:
        injection.apply()
    assert str(error.value) == (
        "node129: no effect of stop-keepalived was seen within 0 s. "
        "This must succeed there: ! systemctl is-active --quiet keepalived.service"
    )
    assert events(tmp_path)[-1] == FaultUndone("stop-keepalived-1", confirmed=True)


def test_an_effect_that_was_seen_at_once_may_have_expired_at_the_end(tmp_path: Path) -> None:
    looks = iter([0])  # the second one would be one too many
    site, master = open_fake_site(
        tmp_path, lambda command: (next(looks), "") if "was=$(sed" in command else clock(command)
    )
    with injected(site, STOP, "stop-keepalived-1", master) as injection:
        injection.apply()


def test_a_second_fault_is_refused_while_one_is_on(tmp_path: Path) -> None:
    listed = "record kill-keepalived-12345678\nrecord combinations-1\n"
    site, master = open_fake_site(tmp_path, lambda command: (0, listed if LOOK in command else ""))
    with pytest.raises(FaultError) as error, injected(site, STOP, "stop-keepalived-1", master):
        pass
    assert str(error.value) == (
        "A fault is on already: kill-keepalived is active on node129. Undo it first: runbook fault recover -f FILE"
    )
    assert (len(master.commands), master.files) == (1, {})


def test_a_demonstration_may_inject_faults_of_its_own(tmp_path: Path) -> None:
    listed = "record combinations-12345678\n"
    site, master = open_fake_site(tmp_path, lambda command: (0, listed) if LOOK in command else clock(command))
    with injected(site, STOP, "stop-keepalived-1", master) as injection:
        injection.apply()


@pytest.mark.parametrize(
    ("fault", "machine", "refusal"),
    [
        ("kill-keepalived", "node129", "has no running keepalived.service"),
        ("block-vrrp-one-side", "node129", "has no nft, or has a table 'ip runbook_fault' already"),
        (
            "stop-nacos", "node128",
            "has no nacos@8848.service and nacos@8849.service and nacos@8850.service (is the lab up with --no-nacos?)",
        ),
    ],
)  # fmt: skip
def test_a_machine_that_lacks_what_the_fault_needs_is_named_before_anything_is_recorded(
    tmp_path: Path, fault: str, machine: str, refusal: str
) -> None:
    site, master = open_fake_site(tmp_path, lambda command: (1 if "sh -ec" in command else 0, ""))
    with pytest.raises(FaultError) as refused, injected(site, fault_named(fault), "x", master):
        pass
    assert str(refused.value) == (
        f"{machine} {refusal}, so {fault} can't be injected. "
        "Change that, or choose another fault: runbook fault list -f FILE"
    )
    assert all(host.files == {} for host in site.hosts.values() if isinstance(host, FakeHost))


def test_a_fault_of_both_nodes_is_recorded_on_both_before_it_hits_one(tmp_path: Path) -> None:
    site, master = open_fake_site(tmp_path, clock)
    with injected(site, fault_named("block-vrrp-both"), "block-vrrp-both-1", master) as injection:
        hosts = [host for host in injection.hosts if isinstance(host, FakeHost)]
        assert [host.name for host in hosts if "deadline=" in host.commands[-1]] == ["node129", "node128"]
        injection.apply()
        assert all("create table ip runbook_fault" in host.commands[-2] for host in hosts)
    kinds = [type(event).__name__ for event in events(tmp_path)]
    assert kinds == ["FaultRecorded", "FaultRecorded", "FaultApplied", "FaultUndone", "FaultUndone"]


def test_the_return_of_the_master_begins_when_the_other_node_holds_the_vip(tmp_path: Path) -> None:
    vip = "2: ens33    inet 192.168.42.130/24 scope global secondary ens33\n"
    site, master = open_fake_site(tmp_path, lambda command: (0, vip) if command.startswith("ip ") else clock(command))
    with injected(site, fault_named("return-of-master"), "return-of-master-1", master):
        assert isinstance(site.backup, FakeHost)
        assert master.commands[-1] == "sh -ec systemctl stop keepalived.service"
        assert site.backup.commands[-1] == "ip -4 -o addr show"


def test_a_site_that_allows_no_disruption_says_so(tmp_path: Path) -> None:
    site, _ = open_fake_site(tmp_path, disruption="none")
    skipped = why_not(site, STOP)
    assert repr(skipped) == "SKIPPED: a fault needs disruption: faults, the site allows none"
    assert why_not(open_fake_site(tmp_path)[0], STOP) is None


def test_ssh_has_no_hand_at_the_cable_and_no_nacos_of_ours(tmp_path: Path) -> None:
    site, _ = open_fake_site(tmp_path, disruption="faults", substrate="ssh")
    assert repr(why_not(site, fault_named("unplug-master"))) == (
        "SKIPPED: unplug-master needs a hand at the cable to plug it in again, and substrate ssh has none"
    )
    assert repr(why_not(site, fault_named("stop-nacos"))) == (
        "SKIPPED: stop-nacos needs the lab's own Nacos, and this site's members are somebody else's"
    )


def test_ssh_has_no_power_switch(tmp_path: Path) -> None:
    site, _ = open_fake_site(tmp_path, disruption="faults", substrate="ssh")
    assert why_not(site, STOP) is None
    assert repr(why_not(site, fault_named("shutdown-master"))) == (
        "SKIPPED: shutdown-master needs a power switch to bring the machine back, and substrate ssh has none"
    )


@pytest.mark.parametrize(
    ("allowed", "faults", "demonstrations"),
    [
        (
            "none",
            "a fault needs disruption: faults, the site allows none",
            "a demonstration needs disruption: demonstrations, the site allows none",
        ),
        ("faults", None, "a demonstration needs disruption: demonstrations, the site allows faults"),
        ("demonstrations", None, None),
    ],
)
def test_each_kind_of_disruption_is_agreed_to(
    tmp_path: Path, allowed: str, faults: str | None, demonstrations: str | None
) -> None:
    site, _ = open_fake_site(tmp_path, disruption=allowed)
    assert not_agreed(site, "faults") == (Skipped(faults) if faults else None)
    assert not_agreed(site, "demonstrations") == (Skipped(demonstrations) if demonstrations else None)


def test_what_a_killed_run_left_on_a_node_is_undone(tmp_path: Path) -> None:
    site, master = open_fake_site(tmp_path, left("undone stop-keepalived-12345678\n"), substrate="ssh")
    assert undo_recorded_faults(site) == (
        "node129: stop-keepalived-12345678 undone",
        "node128: stop-keepalived-12345678 undone",
    )
    assert f"sh -c {render_undo_every()}" in master.commands
    assert "sh -c systemctl is-active --quiet keepalived.service" in master.commands
    assert events(tmp_path) == [FaultUndone("stop-keepalived-12345678", confirmed=True)] * 2


def test_an_undo_that_fails_is_named_and_the_other_node_has_its_turn(tmp_path: Path) -> None:
    site, _ = open_fake_site(tmp_path, left("failed stop-keepalived-12345678\n"), substrate="ssh")
    with pytest.raises(HostError) as error:
        undo_recorded_faults(site)
    assert str(error.value) == (
        "node129: the undo of stop-keepalived-12345678 ran, but is not confirmed. "
        "node128: the undo of stop-keepalived-12345678 ran, but is not confirmed. "
        "Look at /var/lib/runbook/faults/ there, and at the units that it names: journalctl -b -n 50"
    )
    assert events(tmp_path) == [FaultUndone("stop-keepalived-12345678", confirmed=False)] * 2


def test_an_effect_without_its_record_is_undone_by_the_faults_own_undo(tmp_path: Path) -> None:
    site, master = open_fake_site(tmp_path, left("", "trace freeze-keepalived\n"), substrate="ssh")
    assert undo_recorded_faults(site) == (
        "node129: freeze-keepalived undone, of which only the effect was left",
        "node128: freeze-keepalived undone, of which only the effect was left",
    )
    assert fault_named("freeze-keepalived").commands(site.model).undo in master.commands[-2]


def test_an_effect_without_its_record_refuses_a_second_fault_and_fails_the_check(tmp_path: Path) -> None:
    site, master = open_fake_site(tmp_path, left("", "trace freeze-keepalived\n"), substrate="ssh")
    with pytest.raises(FaultError) as error, injected(site, STOP, "stop-keepalived-1", master):
        pass
    assert str(error.value) == (
        "A fault is on already: node129 shows the effect of freeze-keepalived. "
        "Undo it first: runbook fault recover -f FILE"
    )
    verdict = none_left(site).observe()
    assert verdict.observed == (
        "not undone: node129: freeze-keepalived, of which only the effect is left, "
        "node128: freeze-keepalived, of which only the effect is left"
    )


def test_what_is_no_undo_of_ours_is_named_and_not_run(tmp_path: Path) -> None:
    site, master = open_fake_site(tmp_path, left("", f"other {HOSTILE}\n"), substrate="ssh")
    named = f"/var/lib/runbook/faults/{HOSTILE} is no undo of ours"
    assert undo_recorded_faults(site) == (f"node129: {named}, left alone", f"node128: {named}, left alone")
    assert left_on(site) == ()
    assert not any(HOSTILE in command for command in master.commands)


@pytest.mark.parametrize("fault", [fault for fault in FAULTS.values() if not fault.by_lab], ids=lambda f: f.name)
def test_no_answer_of_a_node_enters_a_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Fault) -> None:
    monkeypatch.setattr(injection_module, "PREPARED_WITHIN_S", 0.0)
    monkeypatch.setattr(injection_module, "PREPARED_ADVERTISEMENTS", 0)
    said = "".join(f"{word}{HOSTILE}\n" for word in ("1700.0 ", "undone ", "other ", "trace ", ""))
    site, master = open_fake_site(tmp_path, lambda command: (0, said))
    with suppress(FaultError), injected(site, fault, f"{fault.name}-1", master) as injection:
        injection.apply()
    assert undo_recorded_faults(replace(site, model=open_fake_site(tmp_path, substrate="ssh")[0].model))
    sent = [command for host in site.hosts.values() if isinstance(host, FakeHost) for command in host.commands]
    assert [command for command in sent if HOSTILE in command] == []


@dataclass
class FakeLab:
    """A lab of three machines, of which one is off, one unplugged and one both."""

    asked: list[tuple[str, str]] = field(default_factory=list)

    def status(self) -> LabStatus:
        machines = {
            "node129": MachineStatus("running", "192.168.42.129", 2222, False),
            "node128": MachineStatus("off", "192.168.42.128", 2223, True),
            "observer": MachineStatus("off", "192.168.42.131", 2224, False),
            "client": MachineStatus("running", "192.168.42.132", 2225, True),
        }
        return LabStatus("chapter", "running", machines)

    def plug(self, machine: str) -> None:
        self.asked.append(("plug", machine))

    def power_on(self, machine: str) -> None:
        self.asked.append(("power on", machine))

    def wait_ssh(self, machine: str) -> None:
        self.asked.append(("wait", machine))


def test_machines_without_cable_or_power_are_restored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeLab()
    monkeypatch.setattr(lab, "find", lambda name: fake)
    site, _ = open_fake_site(tmp_path)
    assert undo_recorded_faults(site) == (
        "node129: plugged in",
        "observer: plugged in",
        "node128: powered on",
        "observer: powered on",
    )
    assert fake.asked == [
        ("plug", "node129"), ("plug", "observer"), ("power on", "node128"), ("power on", "observer"),
        ("wait", "node128"), ("wait", "observer"),
    ]  # fmt: skip


def test_what_the_lab_keeps_from_a_machine_waits_for_its_undo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab, "find", lambda name: FakeLab())
    site, _ = open_fake_site(tmp_path)
    verdict = none_left(site).observe()
    assert isinstance(site.backup, FakeHost)
    assert site.backup.commands == []  # it is off, and the other one is asked all the same
    assert verdict == Verdict.failed(
        "not undone: node128 has no power, node129 has no cable",
        "runbook fault recover -f FILE, or a run, undoes it.",
    )


@pytest.mark.parametrize("name", ["kill-keepalived", "kill-keepalived-parent", "freeze-keepalived"])
def test_a_unit_without_a_process_is_neither_hit_nor_taken_for_hit(tmp_path: Path, name: str) -> None:
    """Process 0 is the caller's own group."""
    (tmp_path / "systemctl").write_text("#!/bin/sh\necho MainPID=0\n")
    (tmp_path / "systemctl").chmod(0o755)
    commands = fault_named(name).commands(open_fake_site(tmp_path)[0].model)
    for script in (
        commands.apply,
        commands.before or "false",
        f"was=; {commands.confirm_effect}",
        commands.trace or "false",
    ):
        path = f"{tmp_path}:{os.environ['PATH']}"
        ran = subprocess.run(["sh", "-ec", script], env={"PATH": path}, check=False, start_new_session=True)
        assert ran.returncode > 0, script
