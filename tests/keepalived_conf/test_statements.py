from __future__ import annotations

import pytest

from runbook_lib.keepalived_conf.statements import Statement, parse_statements


def shape(statement: Statement) -> object:
    """A statement as words, with its line, and those inside."""
    inner = [shape(s) for s in statement.body]
    said = (statement.place.line, *statement.words)
    return (said, inner) if inner else said


def shapes(text: str, host: str = "", includes: dict[str, str] | None = None) -> list[object]:
    def include(pattern: str, _: str) -> list[tuple[str, str]]:
        return [(pattern, includes[pattern])] if includes and pattern in includes else []

    return [shape(s) for s in parse_statements(text, "a.conf", host, include).top.body]


def problems(text: str, host: str = "") -> list[str]:
    return [f"{p.place} {p.rule}: {p.what}" for p in parse_statements(text, "a.conf", host).problems]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('auth_pass "a#b!"  # why\n! all of it\n', [(1, "auth_pass", "a#b!")]),
        ("a b\n{\nc\n}\nd\n", [((1, "a", "b"), [(3, "c")]), (5, "d")]),
        ("a { b { c d }} e {f\n}", [((1, "a"), [((1, "b"), [(1, "c", "d")])]), ((1, "e"), [(1, "f")])]),
        ("a {# x\n\n b}\n", [((1, "a"), [(3, "b")])]),
        ('a "{" "" b\\#c\n', [(1, "a", "{", "", "b#c")]),
        ("a 1\r\na 2\r\n", [(1, "a", "1"), (2, "a", "2")]),
        ("a 1 # x\ra 2\r", [(1, "a", "1")]),  # an old Mac's lines are one
        ("a\u00a01\u2028b\n", [(1, "a\u00a01\u2028b")]),  # and no other space than ASCII's parts words
        ("a x!y\n", [(1, "a", "x")]),  # a comment begins in the middle of a word, too
    ],
)
def test_words_and_braces(text: str, expected: list[object]) -> None:
    assert shapes(text) == expected


def test_a_condition_chooses_the_host() -> None:
    text = "@high priority 170\n@low priority 85\n@^high state BACKUP\n@low $X=1\n@low use $X\n@high\n"
    assert shapes(text, "high") == [(1, "priority", "170")]
    assert shapes(text, "low") == [(2, "priority", "85"), (3, "state", "BACKUP"), (5, "use", "1")]
    assert shapes(text) == [(3, "state", "BACKUP")]
    assert problems(text, "low") == []
    assert problems(text) == [
        "a.conf:1 condition: lines for @high and others depend on the host: name it, as FILE@HOST"
    ]


def test_definitions() -> None:
    text = (
        "$IF = eth0\n$N=5 # five\ninterface $IF\nname VI_${N} dev ${IF}.$N\n$N=6\npriority $N\n"
        '$QUOTED="a b"\nsay $QUOTED\n'
    )
    assert shapes(text) == [
        (3, "interface", "eth0"),
        (4, "name", "VI_5", "dev", "eth0.5"),
        (6, "priority", "6"),
        (8, "say", "a b"),
    ]


def test_an_unknown_definition_stays_as_it_is() -> None:
    assert shapes("interface $IF\nx ${IF}\ny $IF-1\n") == [
        (1, "interface", "$IF"),
        (2, "x", "${IF}"),
        (3, "y", "$IF-1"),
    ]


def test_a_definition_of_several_lines() -> None:
    text = (
        "$VIPS= \\\n  10.0.0.1/24 \\\n  10.0.0.2/24 # second \\\n\n$ONE=a { \\\n b\\\n }\n"
        "v {\n $VIPS\n}\n$ONE\nmid $VIPS x\n"
    )
    assert shapes(text) == [
        ((8, "v"), [(9, "10.0.0.1/24"), (9, "10.0.0.2/24")]),
        ((11, "a"), [(11, "b")]),
        (12, "mid", "$VIPS", "x"),  # several lines can only be the last word
    ]


def test_a_sequence_repeats_its_text() -> None:
    assert shapes("~SEQ(i, 2) a $i\n~SEQ(i, 4, -2, 0) b $i\n~SEQx(i, 10, 11) c ${i}\n") == [
        (1, "a", "1"), (1, "a", "2"), (2, "b", "4"), (2, "b", "2"), (2, "b", "0"), (3, "c", "a"), (3, "c", "b"),
    ]  # fmt: skip


def test_a_sequence_repeats_a_block() -> None:
    text = "$BLOCK=i V${n} { \\\n p $n \\\n}\n~SEQ(n, 1, 2) $BLOCK\n"
    assert shapes(text) == [((4, "i", "V1"), [(4, "p", "1")]), ((4, "i", "V2"), [(4, "p", "2")])]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("~SEQ(i, a) x\n", "a.conf:1 syntax: ~SEQ needs whole numbers: ~SEQ(name, start, step, end)"),
        ("~SEQ(i, 1, 0, 4) x\n", "a.conf:1 syntax: ~SEQ needs whole numbers: ~SEQ(name, start, step, end)"),
        ("~SEQ(i, 1, 100000000) x\n", "a.conf:1 syntax: ~SEQ stands for 100000000 lines, more than 10000"),
        ("x\n~LST(a, b) y\n", "a.conf:2 not-read: ~LST is not understood here"),
        ("$A=$A x\n$A\n", "a.conf:2 syntax: definitions or includes lead back to themselves"),
        ("a {\n b\n", "a.conf:1 syntax: the '{' of a is never closed"),
        ("a\n}\n", "a.conf:2 syntax: '}' closes nothing"),
        ("a {\n}\n{\n}\n", "a.conf:3 syntax: '{' follows no keyword"),
        ('a "b\n', "a.conf:1 syntax: a quote is not closed"),
        ("", "a.conf:1 syntax: there is no statement in it"),
        ("# nothing\n\n", "a.conf:1 syntax: there is no statement in it"),
        ("a\ninclude b.conf\n", "a.conf:2 include-unread: include b.conf was not read"),
    ],
)
def test_what_can_not_be_read_is_said(text: str, expected: str) -> None:
    assert problems(text) == [expected]


def test_an_include_stands_in_its_place_with_its_own_lines() -> None:
    tree = parse_statements("a {\n include b.conf\n}\n", "a.conf", "", lambda *_: [("b.conf", "\nx 1\n"), ("c", "y")])
    (block,) = tree.top.body
    assert [(str(s.place), s.words) for s in block.body] == [("b.conf:2", ("x", "1")), ("c:1", ("y",))]


def test_an_include_that_matches_nothing_or_itself() -> None:
    tree = parse_statements("x\nincluder b\n", "a.conf", "", lambda *_: [])
    assert [(p.rule, p.what) for p in tree.problems] == [("include-missing", "include b matches no file")]
    tree = parse_statements("x\ninclude *\n", "a.conf", "", lambda *_: [("a.conf", "")])
    assert [(p.rule, p.what) for p in tree.problems] == [("syntax", "include * leads back to a.conf")]


def test_a_block_is_asked_by_keyword() -> None:
    (block,) = parse_statements("a {\n p 1\n p 2\n q\n r off\n s { t }\n s { u }\n}\n", "a.conf").top.body
    assert block.value("p") == "2"
    assert block.value("q", "none") == "none"
    assert block.has("q")
    assert not block.has("r")
    assert [s.keyword for s in block.inside("s")] == ["t", "u"]
