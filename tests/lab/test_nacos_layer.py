from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from runbook_lib.errors import LabError
from runbook_lib.lab.jar_list import render_list
from runbook_lib.lab.nacos_layer import PORTS, ensure_layer, layer_files, layer_name

JARS = {"gson-2.8.6.jar": "11", "nacos-console-1.4.1.jar": "22"}


@pytest.fixture
def jars(tmp_path: Path) -> Path:
    folder = tmp_path / "jars"
    folder.mkdir()
    for name in JARS:
        (folder / name).write_text(name)
    (folder / "SHA256SUMS").write_text(render_list({name: hashlib.sha256(name.encode()).hexdigest() for name in JARS}))
    return folder


def make(jars: Path) -> Path:
    return ensure_layer(jars, lambda _: None, layers=jars.parent / "layers")


def test_the_layer_holds_jars_units_and_a_home_for_each_member(jars: Path) -> None:
    (jars / "stray.jar").write_text("not on the list")
    layer = make(jars)
    assert sorted(path.name for path in (layer / "opt/nacos/lib").iterdir()) == sorted(JARS)
    assert [path.name for path in layer.parent.iterdir()] == [layer.name]
    assert make(jars) == layer
    for port in PORTS:
        wants = layer / f"etc/systemd/system/multi-user.target.wants/nacos@{port}.service"
        assert wants.readlink() == Path("/usr/lib/systemd/system/nacos@.service")
        members = (layer / f"var/lib/nacos/{port}/conf/cluster.conf").read_text()
        assert members == "192.168.42.128:8848\n192.168.42.128:8849\n192.168.42.128:8850\n"


def test_a_tampered_layer_is_found_at_the_next_call(jars: Path) -> None:
    layer = make(jars)
    (layer / "opt/nacos/lib/gson-2.8.6.jar").write_text("tampered")
    is_now, was = (hashlib.sha256(text).hexdigest() for text in (b"tampered", b"gson-2.8.6.jar"))
    with pytest.raises(LabError) as refused:
        make(jars)
    assert str(refused.value) == (
        f"Nacos' layer {layer} can't be trusted: gson-2.8.6.jar has the SHA-256 {is_now}, not the recorded {was}. "
        f"Take every lab down, then make it anew: sudo rm -r {layer}"
    )


def test_what_a_killed_maker_left_is_no_layer(jars: Path) -> None:
    layer = make(jars)
    layer.rename(f"{layer}.making")
    (layer.with_name(f"{layer.name}.making") / "half").mkdir()
    assert not (make(jars) / "half").exists()


def test_the_console_comes_first_on_the_class_path() -> None:
    args = layer_files(JARS)["opt/nacos/member.args"].splitlines()
    assert args[-4:] == [
        "-Dnacos.server.ip=192.168.42.128",
        "-cp",
        "/opt/nacos/lib/nacos-console-1.4.1.jar:/opt/nacos/lib/*",
        "com.alibaba.nacos.Nacos",
    ]


def test_another_jar_or_another_unit_is_another_layer() -> None:
    files = layer_files(JARS)
    names = {
        layer_name(JARS, files),
        layer_name({**JARS, "gson-2.8.6.jar": "12"}, files),
        layer_name(JARS, {**files, "opt/nacos/README": ""}),
    }
    assert len(names) == 3
