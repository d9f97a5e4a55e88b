from __future__ import annotations

from dataclasses import replace

import pytest
from hosts_found import TOOLS

from runbook_lib.chapter.toolchain import (
    FORCED_INCLUDES,
    Platform,
    compatibility_flags,
    headers_say,
    parse_toolchain,
)

PROBED = """\
release=debian 12
arch=x86_64
libc=ldd (Debian GLIBC 2.36-9) 2.36
openssl=OpenSSL 3.0.16
libnl=3.7.0
compiler=gcc (Debian 12.2.0-14) 12.2.0
headers_agree=no
openssl_headers=yes
make=/usr/bin/make
"""


def test_a_node_that_can_build() -> None:
    found = parse_toolchain(PROBED)
    assert found.platform == Platform(
        "debian 12", "x86_64", "ldd (Debian GLIBC 2.36-9) 2.36", "OpenSSL 3.0.16", "3.7.0"
    )
    assert (found.compiler, found.headers_agree, found.missing) == ("gcc (Debian 12.2.0-14) 12.2.0", False, ())


def test_a_node_without_anything() -> None:
    found = parse_toolchain("release=centos 7\narch=x86_64\ncompiler=\nheaders_agree=no\nopenssl_headers=no\nmake=\n")
    assert found.missing == ("gcc", "make", "OpenSSL's headers")


@pytest.mark.parametrize(
    ("compiler", "headers_agree", "said"),
    [
        ("gcc 12.2.0", True, "agree"),
        ("gcc 12.2.0", False, "define the same names twice"),
        ("", False, "not asked, no compiler"),
    ],
)
def test_headers_that_no_compiler_has_read_are_not_blamed(compiler: str, headers_agree: bool, said: str) -> None:
    assert headers_say(replace(TOOLS, compiler=compiler, headers_agree=headers_agree)) == said


@pytest.mark.parametrize(
    ("headers_agree", "version", "flags"),
    [
        (False, "2.1.5", FORCED_INCLUDES),
        (True, "2.1.5", ""),
        (False, "2.2.2", FORCED_INCLUDES),
        (False, "2.2.3", ""),
        (False, "2.2.7", ""),
    ],
)
def test_flags_only_where_headers_clash_and_the_version_has_no_cure(
    headers_agree: bool, version: str, flags: str
) -> None:
    assert compatibility_flags(replace(TOOLS, headers_agree=headers_agree), version) == flags
