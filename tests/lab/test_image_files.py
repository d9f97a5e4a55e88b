from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from runbook_lib.lab.image_files import finish, found, within, write_file
from runbook_lib.lab.recipe import recipe

BARE = dataclasses.replace(recipe("bookworm"), files={}, masked=(), disabled=(), removed=())


def put(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_what_the_recipe_removes_is_gone_and_nothing_else(tmp_path: Path) -> None:
    key = put(tmp_path / "etc/ssh/ssh_host_rsa_key")
    kept = put(tmp_path / "etc/ssh/sshd_config")
    put(tmp_path / "run/lock/some")
    finish(tmp_path, dataclasses.replace(BARE, removed=("etc/ssh/ssh_host_*", "run/*", "no/such/*")))
    assert not key.exists()
    assert kept.exists()
    assert list((tmp_path / "run").iterdir()) == []


def test_a_link_that_leads_nowhere_is_removed_too(tmp_path: Path) -> None:
    link = put(tmp_path / "etc/hosts").with_name("resolv.conf")
    link.symlink_to("/run/not/here")
    assert found(tmp_path, "etc/resolv.conf") == [link]
    finish(tmp_path, dataclasses.replace(BARE, removed=("etc/resolv.conf",)))
    assert not link.is_symlink()


def test_a_masked_unit_leads_to_dev_null_and_a_disabled_one_is_wanted_by_nothing(tmp_path: Path) -> None:
    units = tmp_path / "etc/systemd/system"
    wanted = put(units / "multi-user.target.wants/other.service").with_name("nginx.service")
    wanted.symlink_to("/lib/systemd/system/nginx.service")  # dangles, seen from outside
    finish(tmp_path, dataclasses.replace(BARE, masked=("apt-daily.timer",), disabled=("nginx.service",)))
    assert (units / "apt-daily.timer").readlink() == Path("/dev/null")
    assert not wanted.is_symlink()
    assert (units / "multi-user.target.wants/other.service").exists()


def test_a_link_in_the_image_is_never_followed_on_to_the_host(tmp_path: Path) -> None:
    image, host = tmp_path / "image", tmp_path / "host"
    of_the_host = put(host / "passwd", "of the host")
    image.mkdir()
    (image / "passwd").symlink_to(of_the_host)
    write_file(image, "passwd", "of the image")
    assert of_the_host.read_text() == "of the host"
    assert (image / "passwd").read_text() == "of the image"
    (image / "etc").symlink_to(host)
    with pytest.raises(ValueError, match=r"^etc/passwd leads out of "):
        within(image, "etc/passwd")
