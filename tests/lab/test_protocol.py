import json
from dataclasses import asdict

import pytest

from runbook_lib.errors import LabError
from runbook_lib.lab.protocol import (
    LabStatus,
    MachineStatus,
    Request,
    encode_refusal,
    encode_reply,
    encode_request,
    parse_reply,
    parse_request,
)


def test_a_request_survives_the_way() -> None:
    request = Request("exec", "node128", ("printf", "%s", "a b\udcff"), 1.5)
    assert parse_request(encode_request(request)) == request


@pytest.mark.parametrize("message", [b"", b"[]", b"{}", b'{"do": "status", "argv": [], "colour": 1}', b"\xff"])
def test_what_no_client_sends_is_refused(message: bytes) -> None:
    with pytest.raises(LabError) as refused:
        parse_request(message)
    assert str(refused.value) == (
        f"The lab's supervisor does not understand {message!r}. Was it started by another version of runbook?"
    )


def test_a_command_line_that_does_not_fit_is_refused() -> None:
    with pytest.raises(LabError) as refused:
        encode_request(Request("exec", "node128", ("echo", "x" * 200_000)))
    assert str(refused.value) == (
        "The command line is longer than 128 KiB. Give it to the command's standard input instead."
    )


def test_a_reply_carries_its_result() -> None:
    assert parse_reply(encode_reply({"status": 7}), "mine") == {"status": 7}


def test_a_refusal_raises_the_same_error_at_the_caller() -> None:
    with pytest.raises(LabError) as refused:
        parse_reply(encode_refusal(LabError("node129 is off.", "Power it on.")), "mine")
    assert (refused.value.what, refused.value.todo) == ("node129 is off.", "Power it on.")


def test_a_supervisor_that_dies_is_told() -> None:
    with pytest.raises(LabError) as refused:
        parse_reply(b"", "mine")
    cure = "Start the lab again: runbook lab up --name mine"
    assert str(refused.value) == f"The lab's supervisor ended while it was asked. {cure}"


def test_status_as_json_has_the_keys_that_other_tools_read() -> None:
    status = LabStatus("x", "running", {"node128": MachineStatus("off", "192.168.42.128", 2200, True)}, 8080)
    values = json.loads(status.as_json())
    assert values == {
        "name": "x",
        "state": "running",
        "machines": {"node128": {"state": "off", "address": "192.168.42.128", "ssh_port": 2200, "plugged": True}},
        "vip_http_port": 8080,
    }
    assert LabStatus.from_values(asdict(status)) == status
