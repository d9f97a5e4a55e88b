from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hosts_found import NOTHING, PLATFORM, PREFIX, SOURCE, TOOLS, built, candidate

from runbook_lib.chapter import build
from runbook_lib.chapter.build import Candidate, plan_pair
from runbook_lib.chapter.change import Change, Command, CopyTree, PushFile, WriteFile
from runbook_lib.chapter.ownership import keep_theirs
from runbook_lib.errors import HostError, TransferError
from runbook_lib.hosts import Completed, quote
from runbook_lib.hosts.transfer import in_the_way

OTHER_PLATFORM = replace(TOOLS, platform=replace(PLATFORM, openssl="OpenSSL 3.5"))


def plan(first: Candidate, second: Candidate) -> tuple[Change, Change]:
    return plan_pair((first, second), SOURCE, PREFIX)


def test_nothing_to_do_where_both_have_this_build() -> None:
    changes = plan(candidate("node129"), candidate("node128"))
    assert [(c.is_none, c.title) for c in changes] == [
        (True, "keepalived 2.1.5 stands there, built from this archive"),
    ] * 2


def test_a_fresh_pair_compiles_once_and_copies() -> None:
    first, second = plan(candidate("node129", found=NOTHING), candidate("node128", found=NOTHING))
    assert (first.host, first.was) == ("node129", "not built")
    assert first.title == (
        "build keepalived 2.1.5 into /usr/local/keepalived with CPPFLAGS='-include netinet/in.h -include net/if.h'"
    )
    assert any(isinstance(action, PushFile) for action in first.actions)
    assert (second.host, second.title) == ("node128", "copy keepalived 2.1.5 from node129: the nodes are alike")
    assert [str(action) for action in second.actions] == [
        "note that nothing stood at /usr/local/keepalived",
        "copy /usr/local/keepalived from node129",
        "cd /usr/local/keepalived/sbin && sha256sum --check --quiet keepalived.sha256",
    ]


def test_the_builds_fresh_place_is_moved_and_removed_at_the_end() -> None:
    first, _ = plan(candidate("node129", found=NOTHING), candidate("node128", found=NOTHING))
    assert [str(action) for action in first.actions] == [
        "empty /var/lib/runbook/build",
        "send keepalived-2.1.5.tar.gz to /var/lib/runbook/build/archive",
        "unpack it there",
        "./configure --prefix=/usr/local/keepalived --with-init=systemd",
        "make -j",
        "make install DESTDIR=/var/lib/runbook/build/fresh",
        "write /var/lib/runbook/build/fresh/usr/local/keepalived/sbin/keepalived.provenance.json",
        "record its SHA-256",
        "note that nothing stood at /usr/local/keepalived",
        "move it to /usr/local/keepalived",
        "rm -rf /var/lib/runbook/build",
    ]


def emptied(work: Path, monkeypatch: pytest.MonkeyPatch) -> subprocess.CompletedProcess[str]:
    """The build's first command, run here."""
    monkeypatch.setattr(build, "WORK", str(work))
    first, _ = plan(candidate("node129", found=NOTHING), candidate("node128", found=NOTHING))
    empty = first.actions[0]
    assert isinstance(empty, Command)
    return run_here(empty)


def run_here(command: Command) -> subprocess.CompletedProcess[str]:
    script = quote(command.command, *command.values)
    return subprocess.run(["sh", "-c", script], check=False, capture_output=True, text=True)


def test_the_fresh_place_is_nobody_elses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    work = tmp_path / "runbook-build"
    (work / "source" / "old").mkdir(parents=True)
    assert emptied(work, monkeypatch).returncode == 0
    assert (work.stat().st_mode & 0o777, list((work / "source").iterdir())) == (0o700, [])


def test_the_node_that_has_the_build_is_copied_from() -> None:
    changes = plan(candidate("node129", found=NOTHING), candidate("node128"))
    assert [(c.host, c.is_none) for c in changes] == [("node128", True), ("node129", False)]
    assert changes[1].title == "copy keepalived 2.1.5 from node128: the nodes are alike"


def test_the_node_with_a_compiler_builds() -> None:
    bare = replace(TOOLS, missing=("gcc",))
    changes = plan(candidate("node129", bare, NOTHING), candidate("node128", found=NOTHING))
    assert changes[0].host == "node128"
    assert changes[1].title == "copy keepalived 2.1.5 from node128: the nodes are alike"


def test_different_platforms_build_each_their_own() -> None:
    changes = plan(candidate("node129", found=NOTHING), candidate("node128", OTHER_PLATFORM, NOTHING))
    assert not any(isinstance(a, CopyTree) for c in changes for a in c.actions)
    assert [c.is_none for c in changes] == [False, False]


def test_nobody_can_compile() -> None:
    bare = replace(TOOLS, missing=("gcc", "OpenSSL's headers"))
    with pytest.raises(HostError) as raised:
        plan(candidate("node129", bare, NOTHING), candidate("node128", bare, NOTHING))
    assert str(raised.value) == (
        "node129 can't compile keepalived: it lacks gcc, OpenSSL's headers. "
        "Debian: apt-get install gcc make libssl-dev libnl-3-dev libnl-genl-3-dev. "
        "CentOS 7: yum install gcc make openssl-devel libnl3-devel."
    )


def test_two_builds_on_nodes_that_are_alike_become_one() -> None:
    second = candidate("node128", binary_sha256="b2", recorded_sha256="b2")
    changes = plan(candidate("node129"), second)
    assert [c.is_none for c in changes] == [True, False]


def test_a_changed_archive_is_built_again() -> None:
    old = replace(candidate("node129").wanted, source_sha256="cc" * 32, version="2.1.4")
    changes = plan(candidate("node129", found=built(old)), candidate("node128", found=built(old)))
    assert changes[0].was == "keepalived 2.1.4 of another archive, other settings or another platform"
    provenance = next(a for a in changes[0].actions if isinstance(a, WriteFile))
    assert '-  "version": "2.1.4",' in provenance.diff
    assert '+  "version": "2.1.5",' in provenance.diff


def test_an_exchanged_binary_is_built_again() -> None:
    first, _ = plan(candidate("node129", binary_sha256="evil"), candidate("node128", binary_sha256="evil"))
    assert first.was == "the binary is not the one that was built"


def test_somebody_elses_installation_is_kept_beside_ours() -> None:
    theirs = replace(NOTHING, exists=True, binary_sha256="theirs")
    first, second = plan(candidate("node129", found=theirs), candidate("node128", found=theirs))
    kept = str(keep_theirs("/usr/local/keepalived"))
    assert (first.was, second.was) == ("installed by somebody else",) * 2
    assert kept in [str(a) for a in first.actions]
    assert str(second.actions[0]) == kept


def test_a_substitutes_warning_is_on_the_build() -> None:
    source = replace(SOURCE, warning="keepalived 2.2.7 stands in for 2.1.5")
    first, _ = plan_pair((candidate("node129", found=NOTHING), candidate("node128", found=NOTHING)), source, PREFIX)
    assert first.warning == "keepalived 2.2.7 stands in for 2.1.5"


CLEARED = (
    "rm -rf /var/lib/runbook/build /usr/local/keepalived.runbook-new /usr/local/keepalived.runbook-old"
    " /usr/local/keepalived.runbook.part /usr/local/keepalived.runbook.old"
)


def test_what_an_interrupted_build_left_is_cleared_away() -> None:
    here, there = plan(replace(candidate("node129"), leftovers=True), candidate("node128"))
    assert [str(action) for action in here.actions] == [CLEARED]
    assert there.is_none


LINK = "/usr/local/keepalived\nsymbolic link\n/data/keepalived\n"


def test_a_link_in_the_place_of_the_folder_is_refused_by_a_build_and_by_a_copy() -> None:
    refused = (
        "{}: a symbolic link to /data/keepalived stands at /usr/local/keepalived, and is not replaced. "
        "Look at it on {}, and move it away."
    )
    free = candidate("node129", found=NOTHING)
    linked = [replace(candidate(name, found=NOTHING), in_the_way=LINK) for name in ("node129", "node128")]
    for pair, host in ((linked, "node129"), ([free, linked[1]], "node128")):
        with pytest.raises(TransferError) as caught:
            plan(pair[0], pair[1])
        assert str(caught.value) == refused.format(host, host)
    right = [replace(candidate(name), in_the_way=LINK) for name in ("node129", "node128")]
    assert [change.is_none for change in plan(right[0], right[1])] == [True, True]


def test_a_link_that_came_meanwhile_is_not_moved_away(tmp_path: Path) -> None:
    prefix, theirs, fresh = (tmp_path / name for name in ("keepalived", "theirs", "fresh"))
    theirs.mkdir()
    fresh.mkdir()
    prefix.symlink_to("theirs")
    ran = run_here(Command(build._MOVE, (str(prefix), str(fresh))))
    assert (ran.returncode, ran.stderr) == (66, f"{prefix}\nsymbolic link\n{theirs}\n")
    assert prefix.is_symlink()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fresh", "keepalived", "theirs"]
    assert in_the_way(here, str(prefix)) == ran.stderr
    assert in_the_way(here, str(theirs)) == in_the_way(here, str(tmp_path / "none")) == ""


def here(command: str, *values: str) -> Completed:
    ran = run_here(Command(command, values))
    return Completed("node128", command, ran.returncode, ran.stdout, ran.stderr, 0.0)


def test_a_copy_clears_nothing_that_it_may_put_back() -> None:
    _, copied = plan(candidate("node129"), replace(candidate("node128", found=NOTHING), leftovers=True))
    kinds = [type(action) for action in copied.actions]
    assert kinds.index(CopyTree) < [str(action) for action in copied.actions].index(CLEARED)


def test_a_folder_that_only_looks_like_a_leftover_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "WORK", str(tmp_path / "work"))
    prefix = tmp_path / "keepalived"
    theirs, ours = Path(f"{prefix}.old"), Path(f"{prefix}.runbook.old")
    theirs.mkdir()
    ours.mkdir()
    assert run_here(build.clear_leftovers(str(prefix))).returncode == 0
    assert (theirs.exists(), ours.exists()) == (True, False)
