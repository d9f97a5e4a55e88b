"""Build the image of a recipe once, and find it again by the recipe's hash (root)."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections import deque
from pathlib import Path

from runbook_lib.errors import LabError
from runbook_lib.lab.apt_sources import carried_options, debian_sources
from runbook_lib.lab.build_progress import BuildProgress, Paced, Progress
from runbook_lib.lab.image_files import finish
from runbook_lib.lab.lock import locked
from runbook_lib.lab.recipe import Recipe, recipe

IMAGES = Path("/var/cache/runbook/images")

# What runs behind this dies with us, and its mounts with it, however we die: only a private namespace promises both.
PRIVATELY = (
    *("setpriv", "--pdeathsig", "KILL", "--"),
    *("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--"),
)


def image_is_cached(release: str) -> bool:
    """Whether the release's image is there as the recipe wants it now."""
    return (IMAGES / recipe(release).name).is_dir()


def ensure_image(release: str, progress: Progress, *, images: Path = IMAGES) -> Path:
    """The folder of the release's image, built first when this recipe has none yet (about a minute; root).

    `progress` gets a line now and then. LabError when it can't be built; nothing is left then that could be taken for
    an image, also when the builder is killed: the folder gets its name in one move, after the last file is written.
    """
    wanted = recipe(release)
    image = images / wanted.name
    if image.is_dir():
        return image
    images.mkdir(mode=0o755, parents=True, exist_ok=True)
    waiting = f"image {wanted.name}: another build of it is running, waiting for that one"
    with locked(Path(f"{image}.lock"), lambda: progress(waiting)) as lock:
        if not image.is_dir():  # another builder may have ended while this one waited
            _build(wanted, image, lock, progress)
    return image


def _build(wanted: Recipe, image: Path, lock: int, progress: Progress) -> None:
    fresh = image.with_name(f"{image.name}.building")
    _remove(fresh)  # a killed builder's
    try:
        _bootstrap(wanted, fresh, lock, progress)
        finish(fresh, wanted)
        fresh.rename(image)
    finally:
        _remove(fresh)


def _bootstrap(wanted: Recipe, fresh: Path, lock: int, progress: Progress) -> None:
    progress(f"image {wanted.name}: building, about a minute (once; cached in {fresh.parent})")
    reporter = BuildProgress(Paced(f"image {wanted.release}", progress))
    last: deque[str] = deque(maxlen=8)
    with _started(wanted, fresh, lock) as process:
        try:
            for line in process.stdout or ():
                reporter.line(line)
                last.append(line.strip())
        except BaseException:
            process.kill()  # and with it everything in its namespace, before the folder is removed
            raise
    if process.returncode != 0:
        raise LabError(
            f"The image of {wanted.release} could not be built: mmdebstrap ended with {process.returncode}: "
            f"{' / '.join(line for line in last if line)}.",
            "See that `sudo apt-get update` works on this machine, and try again.",
        )


def _started(wanted: Recipe, fresh: Path, lock: int) -> subprocess.Popen[str]:
    with tempfile.TemporaryFile("w+") as sources:
        sources.write(debian_sources(wanted.release))
        sources.seek(0)
        return subprocess.Popen(
            mmdebstrap_command(wanted, fresh, carried_options()),
            stdin=sources,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            umask=0o022,
            env=os.environ | {"LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"},
            pass_fds=(lock,),  # held until mmdebstrap has ended too: two never write the same folder
        )


def mmdebstrap_command(wanted: Recipe, fresh: Path, options: tuple[str, ...]) -> tuple[str, ...]:
    """What builds the bare image, with the sources.list read from stdin. Pure."""
    return (
        *PRIVATELY,
        *("mmdebstrap", "--variant=apt", "--mode=root", "--format=directory", "--verbose"),
        f"--include={','.join(wanted.packages)}",
        *(f"--aptopt={option}" for option in options),
        "--dpkgopt=force-unsafe-io",  # a build that a power cut breaks is thrown away whole
        *(wanted.release, str(fresh), "-"),
    )


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
