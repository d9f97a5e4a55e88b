"""The read-only layer that makes a machine carry three Nacos members: jars, a unit each, a home each (root)."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

from runbook_lib.errors import LabError
from runbook_lib.lab.build_progress import Progress
from runbook_lib.lab.image_files import within, write_file
from runbook_lib.lab.jar_list import LIST, JarList, difference, hash_jars, parse_list
from runbook_lib.lab.lock import locked
from runbook_lib.lab.topology import MACHINES

LAYERS = Path("/var/cache/runbook/layers")
PORTS = (8848, 8849, 8850)

_DATA = Path(__file__).parent / "data/nacos"
_LIB = "opt/nacos/lib"
_UNIT = "usr/lib/systemd/system/nacos@.service"
_ABOUT = """\
Nacos 1.4.1, Apache License 2.0 (stated by its parent pom; the jars carry no LICENSE file).
lib/ holds com.pig4cloud.nacos's republication of the server's jars, or the official archive's, as was asked for.
Authentication is off, the token key is the well-known one: fit for this hermetic lab, never for a network.
"""


def ensure_layer(jars: Path, progress: Progress, *, layers: Path = LAYERS) -> Path:
    """The folder to lay over an image so that it starts Nacos, made first when there is none of these jars yet.

    `jars` is what `ensure_jars` gave. Its own jars are hashed at every call: LabError for a changed one.
    """
    wanted = parse_list((jars / LIST).read_text())
    files = layer_files(wanted)
    layer = layers / layer_name(wanted, files)
    if not layer.is_dir():
        layers.mkdir(mode=0o755, parents=True, exist_ok=True)
        with locked(Path(f"{layer}.lock"), lambda: progress("Nacos: its layer is being made elsewhere, waiting")):
            if not layer.is_dir():
                _make(layer, jars, wanted, files)
    if wrong := difference(hash_jars(layer / _LIB), wanted):
        raise LabError(
            f"Nacos' layer {layer} can't be trusted: {wrong}.",
            f"Take every lab down, then make it anew: sudo rm -r {layer}",
        )
    return layer


def layer_files(jars: JarList) -> dict[str, str]:
    """Path to text of the layer's files beside the jars. Pure but for the package's own data."""
    address = next(machine.address for machine in MACHINES if machine.nacos)
    # Real addresses: with 127.0.0.1 the members wait for each other for ever.
    members = "".join(f"{address}:{port}\n" for port in PORTS)
    # nacos-console first: application.properties and schema.sql are in two of the jars, and only its own are right.
    console = next(name for name in jars if name.startswith("nacos-console-"))
    launch = f"-Dnacos.server.ip={address}\n-cp\n/{_LIB}/{console}:/{_LIB}/*\ncom.alibaba.nacos.Nacos\n"
    return {
        "opt/nacos/README": _ABOUT,
        "opt/nacos/member.args": (_DATA / "jvm.args").read_text() + launch,
        "opt/nacos/mend_member.py": (_DATA / "mend_member.py").read_text(),
        _UNIT: (_DATA / "nacos@.service").read_text(),
        **{f"var/lib/nacos/{port}/conf/cluster.conf": members for port in PORTS},
    }


def layer_name(jars: JarList, files: dict[str, str]) -> str:
    """The hash of all that is in the layer: 12 hexadecimal digits. Pure."""
    return hashlib.sha256(json.dumps([jars, files, PORTS], sort_keys=True).encode()).hexdigest()[:12]


def _make(layer: Path, jars: Path, wanted: JarList, files: dict[str, str]) -> None:
    fresh = layer.with_name(f"{layer.name}.making")
    shutil.rmtree(fresh, ignore_errors=True)  # a killed one's
    try:
        for name in wanted:
            shutil.copyfile(jars / name, within(fresh, f"{_LIB}/{name}"))
        for name, text in files.items():
            write_file(fresh, name, text)
        for port in PORTS:
            wants = within(fresh, f"etc/systemd/system/multi-user.target.wants/nacos@{port}.service")
            wants.symlink_to(f"/{_UNIT}")
        fresh.rename(layer)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
