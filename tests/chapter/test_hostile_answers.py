"""Whatever a machine says, no word of it becomes a part of a command; a plan ends, with changes or an error of ours."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from itertools import cycle
from pathlib import Path

import pytest
from archives import make_archive
from hostile_host import MARKER, Answer, HostileHost
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from runbook_lib import checks, demonstrations
from runbook_lib.chapter import OPERATIONS, client, machines, nacos, status, toolchain, vip
from runbook_lib.chapter.apply import apply_change
from runbook_lib.chapter.change import Action, Change, Command, CopyTree, PushFile, WriteFile
from runbook_lib.chapter.comparison import side_by_side
from runbook_lib.chapter.firewall import firewalls
from runbook_lib.chapter.operation import Operation
from runbook_lib.chapter.ownership import keep_theirs
from runbook_lib.chapter.provenance import PROVENANCE_FILE, note_provenance
from runbook_lib.checks.segment import advertisers
from runbook_lib.checks.verdict import Check
from runbook_lib.errors import RunbookError
from runbook_lib.hosts import OpenSite, quote
from runbook_lib.journal import Journal
from runbook_lib.site import parse_site

PIECES = (
    MARKER, f"/srv/{MARKER}", f"port={MARKER}/tcp", f"$({MARKER})", f"# Written by runbook {MARKER}", "..", "/", "*",
    "?", " ", "\n", "\t", "\x1b[2J", "'", '"', ";", "`", "==\n", "yes", "enabled", "active", "nftables", "0", "755",
    "²", "9" * 5000, "1.2.3", "MainPID=x", "ports: ", "  rich rules:\n", "\trule\n", "arp ", "vrrp ", "}\n",
    "table ip x {\n", "\tchain input {\n",
    "type filter hook input priority 0; policy drop;\n", "-A INPUT\n", "-P INPUT DROP\n", "vrrp_instance x {\n",
    "priority y\n", "interface z\n", "HTTP/1.1 200 OK\n", '{"hosts": [{}]}', '{"platform": {}}',
)  # fmt: skip
BEGINNINGS = (
    "", "compiler=gcc\nmake=make\nopenssl_headers=yes\n", "1.2.0 nftables\n==\nports: \n==\nports: \n", "==\n==\n",
    "0\nsystemd\nDebian\n9000\n", "active\nactive\n", "LoadState=loaded\nActiveState=active\n", "yes\n" * 60,
)  # fmt: skip
"""What is taken for an answer, so that a plan goes on."""
TEXTS = st.builds(
    lambda beginning, words: f"{beginning}{''.join(words)} /srv/{MARKER}\n{MARKER}",
    st.sampled_from(BEGINNINGS),
    st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=10),
)
ANSWERS = st.lists(st.tuples(st.sampled_from((0, 0, 0, 1, 2, 3, 127)), TEXTS, TEXTS), min_size=1, max_size=5)
"""Exit status, stdout (or a file's content), stderr: the machines give them in turn."""
OURS, SILENT = (0, f"# Written by runbook, {MARKER}\n", MARKER), (0, "", MARKER)
MARKED = ([*[OURS] * 8, SILENT], [OURS, SILENT, SILENT], [SILENT, (1, MARKER, MARKER)])
"""What of ours stands there is told from what is not, and from nothing: an entry is looked at with nine questions."""
HOSTILE = settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def hostile(test: Callable[..., None]) -> Callable[..., None]:
    """Give the test drawn answers, and each beginning once for sure."""
    test = HOSTILE(given(answers=ANSWERS)(test))
    for beginning in BEGINNINGS:
        test = example(answers=[(0, f"{beginning} /srv/{MARKER}\n{MARKER}", MARKER)])(test)
    for answers in MARKED:
        test = example(answers=answers)(test)
    return test


TABLES: tuple[Callable[[OpenSite], object], ...] = (
    firewalls, side_by_side, status.entry_processes, status.keepalived_status, status.addresses, toolchain.node_tools,
    machines.machine_rows, nacos.cluster_members, vip.vip_holders, client.registered_instances, note_provenance,
    advertisers, demonstrations.show_include_order, demonstrations.show_init_script, demonstrations.show_priorities,
    demonstrations.show_script_security, demonstrations.show_not_executable, demonstrations.show_without_killall,
)  # fmt: skip


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    jar = tmp_path / "client.jar"
    jar.write_bytes(b"jar")
    monkeypatch.setattr(client, "client_jar", lambda: jar)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    return make_archive(tmp_path / "keepalived-2.1.5.tar.gz")


def hostile_site(archive: Path, answers: list[Answer]) -> tuple[OpenSite, list[HostileHost]]:
    values = {"keepalived": {"archive": str(archive)}, "disruption": "demonstrations"}
    model = parse_site(values)
    turn = cycle(answers)
    hosts = [HostileHost(machine.name, lambda: next(turn)) for machine in model.machines]
    return OpenSite(model, {host.name: host for host in hosts}, Journal(None), archive.parent), hosts


def trusting(sent: str) -> bool:
    """Whether what was sent has a word of an answer; the record of a build says what a machine said of itself."""
    return MARKER in (sent.partition("\n")[0] if PROVENANCE_FILE in sent else sent)


def all_of(action: Action) -> str:
    """All that an action sends, also where a reader is shown something shorter; the name of a file first."""
    match action:
        case Command(command, values):
            return quote(command, *values)
        case WriteFile(path, content, tested_by=test):
            return f"{path}\n{action.staged}\n{content}\n{all_of(test) if test else ''}"
        case PushFile(local, path):
            return f"{local}\n{path}"
        case CopyTree(source_host, path):
            return f"{source_host}\n{path}"


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.title)
@hostile
def test_an_operation_sends_no_word_of_an_answer(operation: Operation, archive: Path, answers: list[Answer]) -> None:
    site, hosts = hostile_site(archive, answers)
    planned: tuple[Change, ...] = ()
    with suppress(RunbookError):
        planned = operation.plan(site)
    assert [action for change in planned for action in change.actions if trusting(all_of(action))] == []
    for host in hosts:
        host.obeys = True
    for change in planned:
        apply_change(site, change)
    assert [sent for host in hosts for sent in host.sent if trusting(sent)] == []


def test_an_operation_that_is_hidden_behind_its_short_name_is_seen() -> None:
    hidden = keep_theirs(f"/srv/{MARKER}")
    shown = replace(hidden, shown="keep it")
    assert (trusting(str(shown)), trusting(all_of(shown))) == (False, True)


@pytest.mark.parametrize("make", checks.EVERY, ids=lambda make: make.__name__)
@hostile
def test_a_check_gives_a_verdict_or_an_error_of_ours(
    make: Callable[[OpenSite], Check], archive: Path, answers: list[Answer]
) -> None:
    site, hosts = hostile_site(archive, answers)
    with suppress(RunbookError):
        make(site).observe()
    assert [sent for host in hosts for sent in host.sent if trusting(sent)] == []


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.__name__)
@hostile
def test_a_table_or_a_demonstration_has_rows_or_is_an_error_of_ours(
    table: Callable[[OpenSite], object], archive: Path, answers: list[Answer]
) -> None:
    site, hosts = hostile_site(archive, answers)
    with suppress(RunbookError):
        table(site)
    assert [sent for host in hosts for sent in host.sent if trusting(sent)] == []
