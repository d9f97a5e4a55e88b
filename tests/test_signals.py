"""What Ctrl-C, SIGTERM and a closed terminal do to a command."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from runbook_lib import signals


@pytest.fixture(autouse=True)
def _caught() -> Iterator[None]:
    with signals.caught():
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


@pytest.mark.parametrize("number", signals.SIGNALS)
def test_what_the_caller_had_ignored_stays_ignored(number: signal.Signals) -> None:
    before = signal.signal(number, signal.SIG_IGN)
    try:
        with signals.caught():
            signal.raise_signal(number)
        assert signal.getsignal(number) is signal.SIG_IGN
    finally:
        signal.signal(number, before)


def test_afterwards_all_is_as_before() -> None:
    before = [signal.getsignal(number) for number in signals.SIGNALS]
    with signals.caught():
        pass
    assert [signal.getsignal(number) for number in signals.SIGNALS] == before


@pytest.mark.parametrize("number", signals.SIGNALS)
def test_one_that_is_taken_raises_nothing(number: signal.Signals) -> None:
    taken: list[int] = []
    with signals.to(lambda: taken.append(1)):
        signal.raise_signal(number)
        signal.raise_signal(signal.SIGINT)
    assert taken == [1, 1]


def test_what_is_held_waits_until_it_is_let_in() -> None:
    done: list[str] = []
    with signals.held():
        signals.interrupt()
        done.append("held")
        with pytest.raises(KeyboardInterrupt), signals.let_in():
            done.append("never")
        signals.interrupt()
        signal.raise_signal(signal.SIGINT)
    assert done == ["held"]
