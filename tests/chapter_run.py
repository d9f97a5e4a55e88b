"""A site where the chapter was run once (the fixture `finished`), and `runbook` called on it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runbook_lib.lab import Lab

HOLD_BEFORE = {
    "machines.ready", "machines.clocks", "segment.keepalived-ours", "segment.vip-free", "segment.vrid-free",
    "keepalived.toolchain", "failover.none-left",
}  # fmt: skip
"""What a fresh lab brings along."""
MAY_HOLD_BEFORE = {"keepalived.source", "nacos.ready"}
"""The archive is cached outside of the lab; the members start by themselves."""
GOOD = {"PASSED", "WARNED", "SKIPPED"}


@dataclass
class Site:
    """A lab, the parameter file that names it, and what `runbook` said about it so far."""

    lab: Lab
    folder: Path
    file: Path = field(init=False)

    def __post_init__(self) -> None:
        self.file = self.folder / "site.yaml"
        self.file.write_text(f"site:\n  lab: {{name: {self.lab.name}}}\n")

    def runbook(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`runbook COMMAND … -f FILE`, from a folder that is not the repository's."""
        argv = [sys.executable, "-m", "runbook_lib", *arguments, "-f", str(self.file)]
        return subprocess.run(argv, capture_output=True, text=True, check=False, cwd=self.folder)

    def run(self, *arguments: str) -> Bundle:
        ran = self.runbook("run", "--out", str(self.folder / "out"), *arguments)
        assert ran.returncode in (0, 3), ran.stdout + ran.stderr
        return Bundle(Path(ran.stdout.splitlines()[-1]), ran.returncode)

    def verdicts(self) -> dict[str, str]:
        """By check id."""
        shown = self.runbook("check", "--json").stdout
        return {check["id"]: check["verdict"] for check in json.loads(shown)}


@dataclass(frozen=True)
class Bundle:
    """What a run left."""

    path: Path
    exit_status: int

    @property
    def result(self) -> dict[str, Any]:
        result: dict[str, Any] = json.loads((self.path / "result.json").read_text())
        return result

    def verdict_of(self, check: str) -> dict[str, str]:
        found: dict[str, str] = next(c for c in self.result["checks"] if c["id"] == check)
        return found

    def outputs(self, notebook: str) -> str:
        """Every plain text output of an executed notebook."""
        cells = json.loads(next(self.path.glob(f"{notebook}-*.ipynb")).read_text())["cells"]
        outputs = [output for cell in cells for output in cell.get("outputs", ())]
        return "\n".join("".join(o.get("text") or o["data"]["text/plain"]) for o in outputs)


@dataclass(frozen=True)
class Finished:
    """A site where the chapter was run once, and what was seen on the way."""

    site: Site
    before: dict[str, str]
    plan_before: str
    after_plan: dict[str, str]
    first: Bundle
