import threading
from pathlib import Path

from runbook_lib.lab.lock import locked


def test_the_second_waits_for_the_first_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "labs" / "x.lock"
    order: list[str] = []
    waits = threading.Event()

    def second() -> None:
        with locked(path, waits.set):
            order.append("second")

    with locked(path, lambda: order.append("never")):
        other = threading.Thread(target=second)
        other.start()
        assert waits.wait(10)
        order.append("first")
    other.join(10)
    assert order == ["first", "second"]


def test_nothing_is_left_of_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "x.lock"
    with locked(path, lambda: None):
        assert path.exists()
    assert list(tmp_path.iterdir()) == []
