from __future__ import annotations

from pathlib import Path

import pytest

from runbook_lib.errors import ParameterError
from runbook_lib.keepalived_conf.files import read_configuration


def refused(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    with pytest.raises(ParameterError) as error:
        read_configuration(str(path))
    return str(error.value).replace(str(path), "FILE")


def test_includes_are_read_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "conf.d").mkdir()
    for name in ("b", "a"):
        (tmp_path / "conf.d" / f"{name}.conf").write_text(f"vrrp_instance {name} {{\n include ../deep\n}}\n")
    (tmp_path / "deep").write_text("priority 7\n")
    main = tmp_path / "keepalived.conf"
    main.write_text("include conf.d/*.conf\ninclude none/*\n")
    found = read_configuration(str(main))
    assert [(i.name, i.priority) for i in found.instances] == [("a", 7), ("b", 7)]
    assert [(p.rule, str(p.place), p.what) for p in found.problems] == [
        ("include-missing", f"{main}:2", "include none/* matches no file")
    ]


def test_the_host_stands_behind_the_file_unless_a_file_has_that_name(tmp_path: Path) -> None:
    main, other = tmp_path / "k.conf", tmp_path / "k.conf@b"
    main.write_text("vrrp_instance A {\n@a priority 1\n@b priority 2\n}\n")
    assert read_configuration(f"{main}@b").instances[0].priority == 2
    other.write_text("vrrp_instance A {\n priority 3\n}\n")
    assert read_configuration(f"{main}@b").instances[0].priority == 3


def test_comments_in_another_encoding_are_no_reason_to_refuse(tmp_path: Path) -> None:
    path = tmp_path / "k.conf"
    path.write_bytes(b"vrrp_instance A {\n priority 9 # " + "优先级".encode("gbk") + b"\n}\n")
    assert read_configuration(str(path)).instances[0].priority == 9


WRONG = "keepalived would misread what follows: correct it first."
NAME = "Name two files as keepalived reads them."


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"a {\n b {\n}\n", f"FILE:1: the '{{' of a is never closed. {WRONG}"),
        (b"a {\n}\n}\n", f"FILE:3: '}}' closes nothing. {WRONG}"),
        (b"", f"FILE:1: there is no statement in it. {WRONG}"),
        (
            b"\xef\xbb\xbfvrrp_instance A {\n}\n",
            "FILE:1: it begins with a byte order mark, which keepalived takes for a part of the first word. "
            "Save it without one.",
        ),
        (b"a\n\0\n", f"FILE:2: it is binary. {NAME}"),
        (b"\x1f\x8b\x08", f"FILE:1: it is binary. {NAME}"),
    ],
)
def test_what_can_not_be_parsed_is_refused_with_its_line(tmp_path: Path, content: bytes, expected: str) -> None:
    assert refused(tmp_path / "k.conf", content) == expected


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    for path, why in ((tmp_path / "none", "No such file or directory"), (tmp_path, "Is a directory")):
        with pytest.raises(ParameterError) as error:
            read_configuration(str(path))
        assert str(error.value) == f"{path} can't be read: {why}. {NAME}"
