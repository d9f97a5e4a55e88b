"""What the parameters may say; how a file is read: notebook/test_parameters."""

from __future__ import annotations

from typing import Any

import pytest

from runbook_lib.errors import ParameterError
from runbook_lib.site import parse_site

CORRECT = "Correct it in the parameter file or the -p that set it."
NOT_SHORTEST = "not an absolute path in its shortest form, with a folder above it"


def refusal(values: dict[str, Any]) -> str:
    with pytest.raises(ParameterError) as caught:
        parse_site(values)
    return str(caught.value)


@pytest.mark.parametrize("program", ["openresty", "keepalived"])
@pytest.mark.parametrize("path", ["/opt/{}", "/usr/local/{}-2.1.5", "/a/b_c/{}.d"])
def test_a_folder_that_is_the_programs_own(program: str, path: str) -> None:
    prefix = path.format(program)
    assert getattr(parse_site({program: {"prefix": prefix}}), program).prefix == prefix


@pytest.mark.parametrize("program", ["openresty", "keepalived"])
@pytest.mark.parametrize(
    "path",
    ["{}", "opt/{}", "./{}", "", "/", "/{}", "//{}", "/opt//{}", "/opt/./{}", "/opt/../{}", "/opt/{}/", "/{}/.."],
)
def test_a_prefix_is_one_whole_path_with_a_folder_above_it(program: str, path: str) -> None:
    prefix = path.format(program)
    assert refusal({program: {"prefix": prefix}}) == f"site.{program}.prefix = {prefix!r}: {NOT_SHORTEST}. {CORRECT}"


@pytest.mark.parametrize("program", ["openresty", "keepalived"])
@pytest.mark.parametrize("path", ["/usr/local", "/opt/my-{}", "/opt/{}/bin", "/opt/{} x", "/o;pt/{}", "/opt/{}\n"])
def test_a_prefix_is_a_folder_that_only_the_program_is_in(program: str, path: str) -> None:
    prefix = path.format(program)
    assert refusal({program: {"prefix": prefix}}) == (
        f"site.{program}.prefix = {prefix!r}: {program} needs a folder of its own, whose name begins with {program}. "
        f"{CORRECT}"
    )


def test_the_other_programs_folder_is_not_its_own() -> None:
    assert refusal({"openresty": {"prefix": "/opt/keepalived"}}) == (
        "site.openresty.prefix = '/opt/keepalived': openresty needs a folder of its own, whose name begins with "
        f"openresty. {CORRECT}"
    )


@pytest.mark.parametrize("value", [4, True])
def test_a_prefix_is_text(value: object) -> None:
    kind = type(value).__name__
    assert refusal({"keepalived": {"prefix": value}}) == (
        f"site.keepalived.prefix = {value!r}: YAML read this as {kind} {value!r}: quote this value. {CORRECT}"
    )


@pytest.mark.parametrize("member", ["localhost:8848", "127.0.0.1:8848", "127.1.2.3:1"])
def test_a_member_is_the_same_machine_for_both_entries(member: str) -> None:
    assert refusal({"nacos": {"members": ["192.168.42.128:8848", member]}}) == (
        f"nacos.members: {member!r} is another machine for each entry: give its LAN address. {CORRECT}"
    )


@pytest.mark.parametrize("member", ["12.7.0.1:8848", "localhost.example:8848"])
def test_a_member_that_only_looks_like_loopback(member: str) -> None:
    assert parse_site({"nacos": {"members": [member]}}).nacos.members == (member,)


@pytest.mark.parametrize(("part", "name"), [("vrrp", "advert_int"), ("openresty", "restart_s")])
@pytest.mark.parametrize("value", ["1", True, None])
def test_seconds_are_a_number_and_nothing_that_becomes_one(part: str, name: str, value: object) -> None:
    assert refusal({part: {name: value}}) == (
        f"site.{part}.{name} = {value!r}: Input should be a valid number. {CORRECT}"
    )


def test_whole_seconds_are_seconds() -> None:
    model = parse_site({"vrrp": {"advert_int": 2}, "openresty": {"restart_s": 3}})
    assert (model.vrrp.advert_int, model.openresty.restart_s) == (2.0, 3.0)


@pytest.mark.parametrize(
    ("part", "name", "value", "said"),
    [
        ("vrrp", "advert_int", 0, "greater than 0"),
        ("vrrp", "advert_int", 256, "less than or equal to 255"),
        ("openresty", "restart_s", 0.0, "greater than 0"),
        ("openresty", "restart_s", 60.5, "less than or equal to 60"),
    ],
)
def test_seconds_have_their_bounds(part: str, name: str, value: float, said: str) -> None:
    # A number is shown as it was given.
    assert refusal({part: {name: value}}) == f"site.{part}.{name} = {value!r}: Input should be {said}. {CORRECT}"


def test_on_ssh_no_machine_of_the_lab_is_asked_for_unless_it_is_named() -> None:
    own = parse_site({"substrate": "ssh"})
    assert (own.observer, own.observer_machine, own.client_machine) == ("none", None, None)
    observer = {"name": "watch", "address": "192.168.42.7"}
    watched = parse_site({"substrate": "ssh", "observer_machine": observer})
    assert (watched.observer, watched.machines[2:]) == ("ssh", (watched.observer_machine,))
    with pytest.raises(ParameterError, match="observer: ssh needs an observer_machine"):
        parse_site({"substrate": "ssh", "observer": "ssh"})
