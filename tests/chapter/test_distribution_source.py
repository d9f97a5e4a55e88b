from __future__ import annotations

import pytest

from runbook_lib.chapter.distribution_source import Orig, parse_orig, parse_sources
from runbook_lib.errors import ArtifactError

PRINTED = """\
Reading package lists...
Need to get 1190 kB of source archives.
'http://mirror/k/keepalived_2.2.7-1.dsc' keepalived_2.2.7-1.dsc 2116 SHA256:{dsc}
'http://mirror/k/keepalived_2.2.7.orig.tar.gz' keepalived_2.2.7.orig.tar.gz 1180180 SHA256:{orig}
'http://mirror/k/keepalived_2.2.7-1.debian.tar.xz' keepalived_2.2.7-1.debian.tar.xz 8080 SHA256:{debian}
""".format(dsc="1" * 64, orig="2" * 64, debian="3" * 64)


def test_the_orig_tarball_among_the_printed_files() -> None:
    assert parse_orig(PRINTED) == Orig("keepalived_2.2.7.orig.tar.gz", "2" * 64)


def test_no_such_source() -> None:
    with pytest.raises(ArtifactError) as raised:
        parse_orig("Reading package lists...\n")
    assert raised.value.what == "the distribution's mirror names no source package with a SHA-256"


def test_sources_of_the_release_itself() -> None:
    targets = (
        "http://mirror.example/debian/ bookworm main\n"
        "http://mirror.example/debian/ bookworm main\n"
        "http://mirror.example/debian/ bookworm contrib\n"
        "http://mirror.example/debian/ bookworm-updates main\n"
        "http://mirror.example/debian-security/ bookworm-security main\n"
    )
    assert parse_sources(targets) == "deb-src http://mirror.example/debian/ bookworm main\n"
