"""Who has the VIP, and what curl got through it."""

from __future__ import annotations

import pytest

from runbook_lib.chapter.vip import Answer, parse_answer, parse_holds_vip

OWN = "2: ens33    inet 192.168.42.129/24 brd 192.168.42.255 scope global ens33\\       valid_lft forever\n"


@pytest.mark.parametrize(
    ("addresses", "holds"),
    [
        ("", False),
        (OWN, False),
        (OWN + "2: ens33    inet 192.168.42.130/24 scope global secondary ens33\n", True),
        (OWN + "3: eth1    inet 192.168.42.130/32 scope global eth1\n", True),
        (OWN + "2: ens33    inet 192.168.42.13/24 scope global ens33\n", False),
        ("2: ens33    inet 10.0.0.9/24 brd 192.168.42.130 scope global ens33\n", False),
    ],
)
def test_a_node_has_the_vip_when_it_is_one_of_its_own_addresses(addresses: str, holds: bool) -> None:
    assert parse_holds_vip(addresses, "192.168.42.130") is holds


@pytest.mark.parametrize(
    ("headers", "answer"),
    [
        ("HTTP/1.1 200 OK\r\nServer: x\r\nX-Entry: node129\r\n\r\n", Answer("observer", 200, "node129", "")),
        ("HTTP/1.1 200 OK\r\nx-entry:node128 \r\n\r\n", Answer("observer", 200, "node128", "")),
        ("HTTP/2 502\r\n\r\n", Answer("observer", 502, "", "")),
    ],
)
def test_an_answer_has_a_status_and_the_name_of_its_entry(headers: str, answer: Answer) -> None:
    assert parse_answer("observer", headers, "") == answer


@pytest.mark.parametrize(
    ("headers", "stderr", "error"),
    [
        ("", "curl: (7) first\ncurl: (7) Failed to connect\n", "curl: (7) Failed to connect"),
        ("", "", "no answer"),
        ("SSH-2.0-OpenSSH_9.2\r\n", "curl: (1) unsupported", "curl: (1) unsupported"),
        ("SSH 2.0\r\n", "", "no answer"),
    ],
)
def test_no_answer_has_a_reason(headers: str, stderr: str, error: str) -> None:
    assert parse_answer("observer", headers, stderr) == Answer("observer", 0, "", error)


def test_what_curl_said_beside_a_good_answer_is_no_error() -> None:
    assert parse_answer("observer", "HTTP/1.1 200 OK\r\n", "curl: (28) timed out").error == ""
