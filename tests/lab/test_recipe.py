from __future__ import annotations

import dataclasses

import pytest

from runbook_lib.errors import LabError
from runbook_lib.lab.recipe import JAVA, RELEASES, recipe
from runbook_lib.lab.topology import MACHINES


@pytest.mark.parametrize("release", RELEASES)
def test_a_release_has_its_own_java_and_its_own_name(release: str) -> None:
    made = recipe(release)
    assert f"openjdk-{JAVA[release]}-jre-headless" in made.packages
    assert made.name.startswith(f"{release}-")
    assert made.name == recipe(release).name


def test_one_byte_more_is_another_image() -> None:
    made = recipe("bookworm")
    other = dataclasses.replace(made, files={**made.files, "etc/motd": "\n"})
    assert other.name != made.name


def test_every_machine_knows_the_others_by_name() -> None:
    hosts = recipe("bookworm").files["etc/hosts"]
    assert all(f"{machine.address} {machine.name}\n" in hosts for machine in MACHINES)


def test_an_unknown_release_is_refused() -> None:
    with pytest.raises(LabError) as refused:
        recipe("buster")
    assert str(refused.value) == "The lab has no image of 'buster'. Set lab.release to one of: bookworm, trixie."
