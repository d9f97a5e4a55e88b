"""The undo of a fault, kept on the node that it hits: so it is undone also when nobody of us is left to do it.

A file in /var/lib/runbook/faults/ holds the undo and removes itself once it succeeded. A timer of the node's systemd
runs it at an absolute deadline, or at the boot after that: a countdown would begin anew at each `daemon-reload`, and a
transient timer ends with the machine. Timer and service are files, and they are removed with the record.
"""

from __future__ import annotations

import shlex

from runbook_lib.chapter.undo_folder import FOLDER, render_each, render_first_line
from runbook_lib.hosts import Host

UNITS = "/etc/systemd/system"
STAMPS = "/var/lib/systemd/timers"
"""Where systemd keeps when a persistent timer last fired."""
LOCK = "/run/runbook-faults.lock"
"""Apart from what it guards, which goes away."""
UNDO_WITHIN_S = 200.0
"""Twice systemd's own limit for a unit's stop: an undo is tried again once."""
AGAIN_AFTER_S = 1
_WAS = "WHAT-THE-NODE-KEEPS"


def path_of(fault_id: str) -> str:
    """Where its undo is. Pure."""
    return f"{FOLDER}/{fault_id}"


def render_undo(fault_id: str, undo: str, was: str = "") -> str:
    """The undo as a script that tries it twice, and removes itself and its timer once it succeeded. Pure."""
    path = path_of(fault_id)
    return f"""\
#!/bin/sh
{render_first_line(fault_id)}
was='{was}'
{render_twice(undo)}
rm -f {path}
{_forget(fault_id)}
"""


def render_twice(undo: str) -> str:
    """Shell that runs an undo, again once where it fails, and ends with its status where that fails, too. Pure."""
    return f"""\
for attempt in first second; do
    (
set -e
{undo}
    )
    status=$?
    [ $status -ne 0 ] || break
    sleep {AGAIN_AFTER_S}
done
[ $status -eq 0 ] || exit $status"""


def render_record(fault_id: str, undo: str, expires_s: float, before: str = "") -> str:
    """Shell that puts the undo in its place, and starts its timer by the node's own clock. Pure.

    The undo first: a timer that fires without one takes itself away. Nothing is applied before both are there.
    What `before` prints is kept as `$was` of the undo: digits, and nothing that a shell would read otherwise.
    """
    unit, path = f"{UNITS}/{_unit(fault_id)}", path_of(fault_id)
    service = (
        f"[Unit]\nDescription=Undo {fault_id}\n[Service]\nType=oneshot\n"
        f"ExecStart=/bin/sh -c 'touch -d @1 {_stamp(fault_id)}; {render_run(fault_id)}'\n"
    )
    # AccuracySec: systemd's default is a minute. Persistent: it fires at boot, where the deadline has passed since the
    # stamp. systemd renews that as it fires; the service makes it old again, for an undo that fails or is cut off.
    timer = f"[Unit]\nDescription=Deadline of {fault_id}\n[Timer]\nAccuracySec=100ms\nPersistent=true\nOnCalendar="
    keep = f"$({{ {before}; }} | tr '\\n' ' ' | tr -cd '0-9 ')" if before else ""
    head, tail = render_undo(fault_id, undo, was=_WAS).split(_WAS)
    return f"""\
set -e
was="{keep}"
was=${{was% }}
mkdir -p {FOLDER} {STAMPS} {UNITS}/timers.target.wants
touch {_stamp(fault_id)} # before the deadline: so that it fires also if we are late
end=$(($(date +%s%3N) + {expires_s * 1e3:.0f}))
deadline=$(date -u -d "@$((end / 1000)).$(printf %03d $((end % 1000)))" '+%F %T.%3N UTC')
printf %s {shlex.quote(service)} >{unit}.service
printf '%s%s\\n' {shlex.quote(timer)} "$deadline" >{unit}.timer
chmod 644 {unit}.service {unit}.timer
ln -sf ../{_unit(fault_id)}.timer {UNITS}/timers.target.wants/
printf '%s%s%s' {shlex.quote(head)} "$was" {shlex.quote(tail)} >{path}.part
chmod 700 {path}.part
sync {path}.part {unit}.service {unit}.timer
mv {path}.part {path}
systemctl start {_unit(fault_id)}.timer
"""


def render_undo_every() -> str:
    """Shell that runs every undo of ours and prints `undone NAME` or `failed NAME`. Pure.

    A timer whose record was lost takes itself away.
    """
    return f"""{render_each()}\
    test -n "$ours" || continue
    if {_run('"$f"')} </dev/null >&2; then echo "undone $name"; else echo "failed $name"; fi
done
for t in {UNITS}/runbook-fault-*.service; do
    name=${{t##*/runbook-fault-}} name=${{name%.service}}
    test ! -e "$t" || test -e "{FOLDER}/$name" || systemctl start "runbook-fault-$name.service" >&2
done
"""


def record_undo(host: Host, fault_id: str, undo: str, expires_s: float, before: str = "") -> None:
    """Put the undo on the node, with the timer that runs it at the deadline, in one command. Raises HostError."""
    shown = f"record the undo of {fault_id} in {FOLDER}, its deadline in {expires_s:g} s"
    host.run("sh -c %s", render_record(fault_id, undo, expires_s, before), shown=shown).check()


def is_recorded(host: Host, fault_id: str) -> bool:
    """Whether its undo has not succeeded yet on this node. Raises HostError."""
    return host.run("test -e %s", path_of(fault_id)).exit_status == 0


def run_undo(host: Host, fault_id: str) -> None:
    """Undo a recorded fault now, unless its timer already did, and take the timer away. Raises HostError."""
    host.run("sh -c %s", render_run(fault_id), timeout_s=UNDO_WITHIN_S).check()


def render_run(fault_id: str) -> str:
    """Shell of service and controller: run the undo, unless the other one did, and take the timer away. Pure."""
    return f"{_run(path_of(fault_id))} || exit; {_forget(fault_id)}"


def _forget(fault_id: str) -> str:
    """Shell that takes timer and service away. A reload or a boot has made timers.target remember it: then again."""
    unit = _unit(fault_id)
    return (
        f"systemctl stop {unit}.timer 2>/dev/null; systemctl reset-failed {unit}.service 2>/dev/null; "
        f"rm -f {UNITS}/timers.target.wants/{unit}.timer {UNITS}/{unit}.timer {_stamp(fault_id)}; "
        f"! systemctl show -p Wants timers.target | grep -q {unit}.timer || systemctl daemon-reload; "
        f"rm -f {UNITS}/{unit}.service"
    )


def _run(path: str) -> str:
    """Shell that runs an undo that is there, one at a time: the timer's service and a controller may come at once."""
    # Not the last command of its shell, which would give way to it, and let go of the lock.
    return f"( flock 9; test ! -e {path} || {{ sh {path} 9>&-; exit $?; }} ) 9>>{LOCK}"


def _stamp(fault_id: str) -> str:
    return f"{STAMPS}/stamp-{_unit(fault_id)}.timer"


def _unit(fault_id: str) -> str:
    return f"runbook-fault-{fault_id}"
