from __future__ import annotations

from runbook_lib.lab.build_progress import BuildProgress, Paced


def told(lines: list[tuple[float, str]]) -> list[str]:
    """What a person sees of lines that come at these seconds."""
    now = 0.0
    heard: list[str] = []
    building = BuildProgress(Paced("image", heard.append, clock=lambda: now))
    for now, line in lines:  # noqa: B007 - the clock reads it
        building.line(line)
    return heard


def test_headlines_come_at_once() -> None:
    assert told([(0, "I: extracting archives...\n"), (0, "I: done\n")]) == [
        "image: extracting archives...",
        "image: done",
    ]


def test_counts_come_every_five_seconds() -> None:
    lines = [
        (0.0, "0 upgraded, 2 newly installed, 0 to remove\n"),
        (1.0, "Get:1 http://mirror.example bookworm/main gcc\n"),
        (4.9, "Unpacking gcc (12.2)\n"),
        (5.1, "Unpacking make (4.3)\n"),
        (6.0, "Setting up make (4.3)\n"),
    ]
    assert told(lines) == ["image: of 2 packages 1 fetched, 2 unpacked, 0 set up"]


def test_other_lines_are_passed_over() -> None:
    assert told([(60.0, "Reading package lists...\n"), (120.0, "\n")]) == []
