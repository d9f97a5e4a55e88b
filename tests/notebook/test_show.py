"""Show: one output, readable as HTML and as text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from runbook_lib.chapter.change import Change, Command, WriteFile
from runbook_lib.chapter.operation import Done
from runbook_lib.notebook import show
from runbook_lib.notebook import show as show_module  # the function, by its module below
from runbook_lib.outward import Secret, protect


@dataclass(frozen=True)
class Row:
    host_name: str
    outage_s: float


class Picture:
    def _repr_png_(self) -> bytes:
        return b"\x89PNG"

    def __str__(self) -> str:
        return "outage 813 ms"


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    bundles: list[dict[str, str]] = []

    def display(bundle: dict[str, str], **options: Any) -> None:
        bundles.append(bundle)

    monkeypatch.setitem(show_module.__globals__, "display", display)
    return bundles


def test_changes_are_a_table_and_their_diffs(shown: list[dict[str, str]]) -> None:
    write = WriteFile("/etc/a", "new\n", before="old\n")
    changes = (
        Change(
            "node129", "write /etc/a", (write, Command("systemctl reload %s", ("x",))), was="another", warning="odd"
        ),
        Change.none("node128", "/etc/a is right"),
    )
    show(Done("Write the file", changes))
    assert shown[0]["text/plain"] == (
        "host     change                      found    done by\n"
        "node129  write /etc/a (WARNED: odd)  another  write /etc/a; systemctl reload x\n"
        "node128  no change: /etc/a is right\n"
        "\n"
        "on node129:\n--- /etc/a\n+++ /etc/a\n@@ -1 +1 @@\n-old\n+new"
    )
    assert "<pre style='font-family:monospace'>on node129:\n--- /etc/a" in shown[0]["text/html"]


def test_a_diff_that_two_hosts_share_stands_there_once(shown: list[dict[str, str]]) -> None:
    write = WriteFile("/etc/a", "new\n")
    show(Done("Write the file", tuple(Change(host, "write", (write,)) for host in ("node129", "node128"))))
    assert shown[0]["text/plain"].count("+++ /etc/a") == 1
    assert "on node129 and node128:\n" in shown[0]["text/plain"]


def test_nothing_to_do_is_one_sentence(shown: list[dict[str, str]], capsys: pytest.CaptureFixture[str]) -> None:
    show(Done("Start keepalived", (Change.none("node129", "it is active"), Change.none("node128", "it is active"))))
    assert capsys.readouterr().out == (
        "Start keepalived: nothing to do. node129: it is active; node128: it is active\n"
    )
    assert shown == []


def test_what_is_held_back_is_more_than_nothing_to_do(shown: list[dict[str, str]]) -> None:
    held = Change("node129", "x.service: not restarted, agree to it", warning="the VIP leaves it", held_back=True)
    show(Done("Renew x", (held, Change.none("node128", "it is right"))))
    assert shown[0]["text/plain"] == (
        "host     change                                                                        found  done by\n"
        "node129  HELD BACK: x.service: not restarted, agree to it (WARNED: the VIP leaves it)\n"
        "node128  no change: it is right"
    )


def test_records_are_a_table_under_their_field_names(shown: list[dict[str, str]]) -> None:
    show([Row("node129", 0.813)])
    assert shown[0]["text/plain"] == "host name  outage s\nnode129    0.813"


def test_text_from_a_host_is_escaped(shown: list[dict[str, str]]) -> None:
    show([Row("<script>", 1.0)])
    assert "&lt;script&gt;" in shown[0]["text/html"]


def test_a_picture_has_its_sentence_beside_it(shown: list[dict[str, str]]) -> None:
    show(Picture())
    assert shown == [{"text/plain": "outage 813 ms", "image/png": "iVBORw=="}]


def test_text_is_printed(shown: list[dict[str, str]], capsys: pytest.CaptureFixture[str]) -> None:
    show("one line")
    show(None)
    assert capsys.readouterr().out == "one line\n"


def test_control_characters_and_secrets_stay_here(
    shown: list[dict[str, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    protect(Secret("hunter2"))
    show("\x1b[2J hunter2")
    assert capsys.readouterr().out == "\\x1b[2J •••\n"
    show([Row("\x1b[2J hunter2", 1.0)])
    write = WriteFile("/etc/a", "\x1b[2J hunter2\n", before="")
    show(Done("Write", (Change("node129", "write", (write,)),)))
    texts = [text for bundle in shown for text in bundle.values()]
    assert len(texts) == 4
    assert all("\\x1b[2J •••" in text and "\x1b" not in text for text in texts)
