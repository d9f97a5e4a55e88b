"""Where a lab keeps what it needs: one folder of root's a lab, one folder in it that only the lab's user may enter.

/var/lib/runbook/labs/NAME/
    lab.json            what the lab was made from (LabRecord)
    supervisor.log
    access/             0700, the user's: control socket, SSH key, known_hosts
    machines/NAME/      root's: upper/ and work/ of the overlay, root/ its mount point, console.log
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from runbook_lib.errors import LabError

LABS = Path("/var/lib/runbook/labs")


@dataclass(frozen=True)
class LabRecord:
    """What a lab was made from; written before anything else of it exists, so that a cleaner can rely on it."""

    name: str
    id: str
    """Unique to this start of the lab: its control group carries it."""
    owner: int
    """User id of whoever may use the lab."""
    release: str
    image: str
    layer: str | None
    """The Nacos layer, or None."""

    @property
    def unit(self) -> str:
        """The name of the lab's control group."""
        return f"runbook-{self.name}-{self.id}"


@dataclass(frozen=True)
class MachineFolder:
    """A machine's disk: keeping `upper` is keeping the disk."""

    path: Path

    @property
    def upper(self) -> Path:
        """Everything that the machine wrote."""
        return self.path / "upper"

    @property
    def work(self) -> Path:
        """The overlay's own scratch, empty at each mount."""
        return self.path / "work"

    @property
    def root(self) -> Path:
        """Where the overlay is mounted, in the supervisor's mount namespace only."""
        return self.path / "root"

    @property
    def console(self) -> Path:
        """What the machine printed while booting."""
        return self.path / "console.log"


@dataclass(frozen=True)
class LabFolder:
    """The paths of one lab. Making one of these touches nothing."""

    name: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9-]{0,30}", self.name):
            raise LabError(
                f"{self.name!r} is no name for a lab.",
                "Use up to 31 lower-case letters, digits and dashes, a letter first.",
            )

    @property
    def path(self) -> Path:
        """The folder itself: it exists as long as anything of the lab does."""
        return LABS / self.name

    @property
    def lock(self) -> Path:
        """Held while the lab is being started or taken down, and only then there."""
        return LABS / f"{self.name}.lock"

    @property
    def record_file(self) -> Path:
        """The LabRecord as JSON, readable by all."""
        return self.path / "lab.json"

    @property
    def log(self) -> Path:
        """What the supervisor did."""
        return self.path / "supervisor.log"

    @property
    def access(self) -> Path:
        """The user's folder."""
        return self.path / "access"

    @property
    def socket(self) -> Path:
        """Where the supervisor listens."""
        return self.access / "control"

    @property
    def key(self) -> Path:
        """The private SSH key that opens every machine of the lab."""
        return self.access / "id_ed25519"

    @property
    def known_hosts(self) -> Path:
        """Each machine's name and the host key that the supervisor made for it."""
        return self.access / "known_hosts"

    def machine(self, name: str) -> MachineFolder:
        """The disk of one machine."""
        return MachineFolder(self.path / "machines" / name)

    def write_record(self, record: LabRecord) -> None:
        """Write lab.json (atomically: a reader sees all of it or nothing)."""
        fresh = self.record_file.with_suffix(".new")
        fresh.write_text(json.dumps(asdict(record), indent=1) + "\n")
        fresh.rename(self.record_file)

    def read_record(self) -> LabRecord | None:
        """What lab.json says; None when it is not there or cut short."""
        try:
            return LabRecord(**json.loads(self.record_file.read_text()))
        except (FileNotFoundError, NotADirectoryError, ValueError, TypeError):
            return None
