"""What Ctrl-C, SIGTERM and a closed terminal do to a command."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest
from caught_signals import caught

from runbook_lib import signals


@pytest.fixture(autouse=True)
def _caught(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(signals, "INSISTS_AFTER_S", 0.0)
    with caught():
        yield


@pytest.mark.parametrize("number", signals.SIGNALS)
def test_the_first_interrupts(number: signal.Signals) -> None:
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(number)


@pytest.mark.parametrize("first", signals.SIGNALS)
@pytest.mark.parametrize("later", [signal.SIGTERM, signal.SIGHUP])
def test_while_it_is_undone_later_ones_change_nothing(first: signal.Signals, later: signal.Signals) -> None:
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(first)
    signal.raise_signal(later)


def test_another_ctrl_c_insists() -> None:
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGHUP)
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_one_that_comes_twice_at_once_does_not_insist(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signals, "INSISTS_AFTER_S", 60.0)
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("number", signals.SIGNALS)
def test_what_the_caller_had_ignored_stays_ignored(number: signal.Signals) -> None:
    before = signal.signal(number, signal.SIG_IGN)
    try:
        with caught():
            signal.raise_signal(number)
        assert signal.getsignal(number) is signal.SIG_IGN
    finally:
        signal.signal(number, before)


@pytest.mark.parametrize("number", signals.SIGNALS)
def test_one_that_is_taken_raises_nothing(number: signal.Signals) -> None:
    taken: list[int] = []
    with signals.to(lambda: taken.append(1)):
        signal.raise_signal(number)
        signal.raise_signal(signal.SIGINT)
    assert taken == [1, 1]


def test_an_undo_that_has_begun_comes_to_its_end() -> None:
    done: list[str] = []
    with pytest.raises(KeyboardInterrupt), signals.held():  # noqa: PT012 - what follows in the block is the point
        signals.interrupt()
        done.append("undone")
    assert done == ["undone"]


def test_two_that_are_held_in_one_another_come_to_their_ends() -> None:
    done: list[str] = []
    with pytest.raises(KeyboardInterrupt), signals.held():  # noqa: PT012 - what follows in the block is the point
        with signals.held():
            signals.interrupt()
            done.append("inner")
        done.append("outer")
    assert done == ["inner", "outer"]


def test_an_interrupt_that_waited_is_not_lost_where_the_undo_fails() -> None:
    with pytest.raises(KeyboardInterrupt) as ended, signals.held():  # noqa: PT012 - what follows is the point
        signals.interrupt()
        raise ValueError("node129 is off.")
    assert ended.value.__notes__ == ["Not undone: node129 is off."]


def test_one_that_insists_does_not_wait_for_an_undo() -> None:
    done: list[str] = []
    with pytest.raises(KeyboardInterrupt), signals.held():  # noqa: PT012 - what follows in the block is the point
        signals.interrupt()
        signal.raise_signal(signal.SIGINT)
        done.append("never")
    assert done == []


def test_what_closes_a_bundle_is_not_interrupted_at_all() -> None:
    done: list[str] = []
    with signals.unheard():
        signals.interrupt()
        done.append("begun")
        with pytest.raises(KeyboardInterrupt), signals.heard():
            done.append("never")
        signal.raise_signal(signal.SIGINT)
        done.append("closed")
    assert done == ["begun", "closed"]
