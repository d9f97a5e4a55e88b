"""Start a lab, unless it runs (root)."""

from __future__ import annotations

import os
import uuid
from dataclasses import replace
from pathlib import Path

from runbook_lib.errors import LabError
from runbook_lib.lab.build_progress import Progress
from runbook_lib.lab.clean import clean
from runbook_lib.lab.client import is_running
from runbook_lib.lab.folder import LabFolder, LabRecord
from runbook_lib.lab.image import ensure_image, image_is_cached
from runbook_lib.lab.launch import launching
from runbook_lib.lab.nacos_layer import ensure_layer
from runbook_lib.lab.preflight import preflight, require_kernel
from runbook_lib.lab.topology import MACHINES


def start(folder: LabFolder, owner: int, release: str, jars: Path | None, progress: Progress) -> bool:
    """Start the lab; True when it ran already. The caller holds the lab's lock.

    Raises LabError when it can't be started; on an error, or an interruption, nothing of it is left.
    """
    if is_running(folder):
        return True
    clean(folder)
    new = LabRecord(folder.name, uuid.uuid4().hex[:8], owner, release, "", None)
    with launching(folder, new.unit) as supervisor:
        image, layer = _image_and_layer(release, jars, progress)
        progress(f"lab {folder.name}: starting {len(MACHINES)} machines")
        try:
            _make_folder(folder, replace(new, image=str(image), layer=str(layer) if layer else None))
            supervisor.go()
        except LabError:
            clean(folder)
            require_kernel()  # a plainer reason, if there is one
            raise
        except BaseException:
            supervisor.stop()
            clean(folder)
            raise
    return False


def _image_and_layer(release: str, jars: Path | None, progress: Progress) -> tuple[Path, Path | None]:
    """The image and the Nacos layer, made where they are not there yet. LabError when this machine can't run a lab."""
    preflight(nacos=jars is not None, image_cached=image_is_cached(release))
    return ensure_image(release, progress), ensure_layer(jars, progress) if jars else None


def _make_folder(folder: LabFolder, record: LabRecord) -> None:
    folder.path.mkdir(mode=0o755, parents=True)
    folder.write_record(record)
    folder.access.mkdir(mode=0o700)
    os.chown(folder.access, record.owner, -1)
    (folder.path / "machines").mkdir(mode=0o700)
