"""An undo on the way out, and an interrupt that meets one that fails."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from types import SimpleNamespace

import pytest
from fakes import open_fake_site

from runbook_lib import signals
from runbook_lib.errors import HostError
from runbook_lib.failover.faults import inject
from runbook_lib.failover.faults.catalogue import fault_named
from runbook_lib.failover.faults.undoing import undoing
from runbook_lib.hosts import OpenSite

LEFT = "node129: the undo of stop-keepalived ran, but is not confirmed within 40 s."


def failing() -> None:
    raise HostError(LEFT, "Look there.")


def nothing() -> None:
    """Is done."""


@pytest.fixture
def site(tmp_path: Path) -> OpenSite:
    return open_fake_site(tmp_path)[0]


@pytest.mark.parametrize("ended", [KeyboardInterrupt(), SystemExit(143)])
def test_what_ends_the_run_wins_and_says_what_is_left(site: OpenSite, ended: BaseException) -> None:
    with pytest.raises(type(ended)) as seen, undoing(site.journal, failing):
        raise ended
    assert seen.value.__notes__ == [f"Not undone: {LEFT} Look there."]
    assert f"interrupted, and not undone: {LEFT} Look there." in (site.folder / "journal.jsonl").read_text()


def test_one_that_was_undone_has_nothing_to_say(site: OpenSite) -> None:
    with pytest.raises(KeyboardInterrupt) as seen, undoing(site.journal, nothing):
        raise KeyboardInterrupt
    assert not hasattr(seen.value, "__notes__")


@pytest.mark.parametrize("ended", [None, HostError("node128: no answer.", "")])
def test_an_interrupt_just_before_the_undo_does_not_skip_it(
    ended: Exception | None, site: OpenSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    undone: list[int] = []
    real, waits = signals.held, iter([True, False])

    def held() -> AbstractContextManager[None]:
        if next(waits):
            raise KeyboardInterrupt
        return real()

    def undo_it() -> None:
        undone.append(1)

    def block() -> None:
        with undoing(site.journal, undo_it):
            monkeypatch.setattr(signals, "held", held)
            if ended is not None:
                next(waits)
                raise ended

    with pytest.raises(KeyboardInterrupt if ended is None else HostError):
        block()
    assert undone == [1]


def test_an_undo_that_fails_is_an_error_also_after_another_one(site: OpenSite) -> None:
    with pytest.raises(HostError, match="not confirmed"), undoing(site.journal, failing):
        pass
    with pytest.raises(HostError, match="not confirmed") as seen, undoing(site.journal, failing):
        raise HostError("node128: no answer.", "")
    assert str(seen.value.__context__) == "node128: no answer."


def interrupted() -> None:
    raise KeyboardInterrupt


def fault(site: OpenSite) -> AbstractContextManager[object]:
    return inject.injected(site, fault_named("stop-keepalived"), "stop-keepalived-1", site.nodes[0])


def left_on(site: OpenSite) -> object:
    return inject.inject(site, fault_named("stop-keepalived"), 60.0)


def with_interrupt(site: OpenSite) -> None:
    with fault(site):
        raise KeyboardInterrupt


@pytest.mark.parametrize("run", [with_interrupt, left_on])
def test_an_interrupt_in_a_fault_stays_one_where_the_undo_fails(
    run: Callable[[OpenSite], object], site: OpenSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    aimed = SimpleNamespace(record=nothing, prepare=nothing, apply=interrupted, undo=failing, at_unix_s=None)
    monkeypatch.setattr(inject, "aimed", lambda *_: aimed)
    monkeypatch.setattr(inject, "_holder", lambda site: site.nodes[0])
    for refusal in ("refuse_while_recorded", "refuse_while_active"):
        monkeypatch.setattr(inject, refusal, lambda site: None)
    with pytest.raises(KeyboardInterrupt) as seen:
        run(site)
    assert seen.value.__notes__ == [f"Not undone: {LEFT} Look there."]


@pytest.mark.parametrize(("passes", "undone"), [("stop-openresty", 1), ("stop-keepalived", 0)])
def test_a_fault_that_passes_by_itself_is_undone_and_another_stays_on(
    passes: str, undone: int, site: OpenSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    undos: list[int] = []
    one = dict.fromkeys(("record", "prepare", "apply", "confirm_effect"), nothing)
    aimed = SimpleNamespace(**one, undo=lambda: undos.append(1), has_passed=lambda: True)
    monkeypatch.setattr(inject, "aimed", lambda *_: aimed)
    monkeypatch.setattr(inject, "_holder", lambda site: site.nodes[0])
    monkeypatch.setattr(inject, "refuse_while_active", lambda site: None)
    inject.inject(site, fault_named(passes), 60.0)
    assert len(undos) == undone
