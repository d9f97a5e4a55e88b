"""Where this machine's own apt gets Debian from, told for another Debian release: the image comes from there too."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from dataclasses import dataclass

from runbook_lib.errors import LabError

# Suites that make up a release: itself, its updates between point releases, its security updates.
_PARTS = ("", "updates", "security")
# What a mirror behind a proxy, or a frozen one, needs; other settings are the machine's own business.
_CARRIED = ("Acquire::http", "Acquire::https", "Acquire::Check-Valid-Until", "Acquire::Check-Date", "Acquire::Retries")
_FORMAT = "$(ORIGIN)|$(REPO_URI)|$(RELEASE)|$(COMPONENT)"


@dataclass(frozen=True)
class Target:
    """One package list that apt knows: the archive's origin, its address, the suite as configured, the component."""

    origin: str
    uri: str
    suite: str
    component: str


def debian_sources(release: str) -> str:
    """The lines of a sources.list for `release`, with the mirrors that this machine's apt uses for its own Debian.

    Asks apt for its package lists, and lets it fetch them first when it has none (root). LabError without a mirror.
    """
    targets = _known_targets()
    if not any(target.origin == "Debian" for target in targets):
        subprocess.run(("apt-get", "update"), capture_output=True, check=False, timeout=300)
        targets = _known_targets()
    lines = render_sources(targets, release)
    if not lines:
        raise LabError(
            "This machine's apt knows no Debian mirror, which the lab's image is made from.",
            "Add a Debian source to /etc/apt/sources.list.d/ and run: sudo apt-get update",
        )
    return lines


def _known_targets() -> tuple[Target, ...]:
    shown = subprocess.run(
        ("apt-get", "indextargets", "--format", _FORMAT, "Created-By: Packages"),
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    return parse_targets(shown.stdout)


def parse_targets(text: str) -> tuple[Target, ...]:
    """The targets that `apt-get indextargets` printed, one a line, in apt's order and each once. Pure."""
    rows = (line.split("|") for line in text.splitlines())
    return tuple(dict.fromkeys(Target(*row) for row in rows if len(row) == 4))


def render_sources(targets: Iterable[Target], release: str) -> str:
    """sources.list lines of `release` from the machine's Debian targets; backports and other archives are left out.

    Pure. Empty when none of the targets is Debian's.
    """
    lines = []
    for target in targets:
        _, dash, part = target.suite.partition("-")  # bookworm-updates, stable-security, sid
        if target.origin == "Debian" and part in _PARTS and target.component == "main":
            lines.append(f"deb {target.uri} {release}{dash}{part} main\n")
    return "".join(dict.fromkeys(lines))


def carried_options() -> tuple[str, ...]:
    """Settings of the machine's apt that its mirror may need (proxy, certificates, dates), as apt.conf statements."""
    dump = subprocess.run(("apt-config", "dump"), capture_output=True, text=True, check=False, timeout=60)
    return parse_carried(dump.stdout)


def parse_carried(dump: str) -> tuple[str, ...]:
    """The lines of `apt-config dump` that say how to reach a mirror; empty values say nothing. Pure."""
    lines = (line.strip() for line in dump.splitlines())
    return tuple(line for line in lines if _carries(line))


def _carries(line: str) -> bool:
    name, _, value = line.partition(" ")
    return value not in {'"";', ""} and any(name == each or name.startswith(f"{each}::") for each in _CARRIED)
