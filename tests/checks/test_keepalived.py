"""What was built from the archive; the archive itself: test_keepalived_source."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from runbook_lib.chapter.build import NEEDS
from runbook_lib.chapter.provenance import Installed, Provenance
from runbook_lib.chapter.toolchain import Platform, Toolchain
from runbook_lib.checks.keepalived import (
    judge_provenance,
    judge_toolchains,
    judge_version,
)
from runbook_lib.checks.verdict import Verdict

GIVE = "Give upstream's archive: -p keepalived.archive=FILE."
DEBIAN = Platform("debian 12", "x86_64", "glibc 2.36", "OpenSSL 3.0", "3.7.0")
CENTOS = replace(DEBIAN, release="centos 7")
MADE = Provenance(
    version="2.1.5", archive="keepalived-2.1.5.tar.gz", source_sha256="aa" * 32, origin="upstream", warning="",
    configure="./configure", cppflags="", compiler="gcc 12.2.0", platform=DEBIAN,
)  # fmt: skip
BUILT = Installed(exists=True, text="{}", provenance=MADE, binary_sha256="b1" * 32, recorded_sha256="b1" * 32)
NOTHING = Installed(exists=False, text=None, provenance=None, binary_sha256="", recorded_sha256="")
TOOLS = Toolchain(DEBIAN, "gcc 12.2.0", headers_agree=True, missing=())
BARE = replace(TOOLS, compiler="", missing=("gcc", "make"))


def built(**changed: Any) -> Installed:
    """A build whose provenance differs in these fields."""
    return replace(BUILT, provenance=replace(MADE, **changed))


def both(first: Installed, second: Installed, said: str = "2.1.5") -> Verdict:
    return judge_version([("node129", first, said), ("node128", second, said)], "2.1.5")


def test_one_build_on_both_nodes() -> None:
    alike = "2.1.5, binary b1b1b1b1b1b1"
    assert both(BUILT, BUILT) == Verdict.passed(f"node129: {alike}; node128: {alike}")


@pytest.mark.parametrize(
    ("other", "said"), [(NOTHING, "not built"), (replace(NOTHING, exists=True), "not built by us")]
)
def test_a_node_without_our_build(other: Installed, said: str) -> None:
    observed = f"node129: 2.1.5, binary b1b1b1b1b1b1; node128: {said}"
    assert both(BUILT, other) == Verdict.failed(observed, "Notebook 02 builds it.")


def test_a_build_that_does_not_run() -> None:
    gone = replace(BUILT, binary_sha256="")
    assert both(BUILT, gone, said="") == Verdict.failed(
        "node129: does not run, binary b1b1b1b1b1b1; node128: does not run, binary missing",
        "Its libraries are missing, or it is another machine's: notebook 02 builds it.",
    )


def test_two_binaries_are_wrong_on_nodes_that_are_alike_and_right_on_others() -> None:
    other = replace(BUILT, binary_sha256="b2" * 32)
    observed = "node129: 2.1.5, binary b1b1b1b1b1b1; node128: 2.1.5, binary b2b2b2b2b2b2"
    hint = "The nodes are alike and their binaries differ: notebook 02 copies one."
    assert both(BUILT, other) == Verdict.failed(observed, hint)
    assert both(BUILT, replace(other, provenance=replace(MADE, platform=CENTOS))) == Verdict.passed(observed)


@pytest.mark.parametrize(
    ("warning", "said"), [("", "2.2.7"), ("a substitute", "2.2.7"), ("not upstream's release", "2.1.5")]
)
def test_another_version_or_archive_warns(warning: str, said: str) -> None:
    found, alike = built(warning=warning), f"{said}, binary b1b1b1b1b1b1"
    observed = f"node129: {alike}; node128: {alike}; asked for upstream's 2.1.5"
    assert both(found, found, said) == Verdict.warned(observed, GIVE)


def test_one_node_with_another_archive_is_enough_to_warn() -> None:
    assert both(BUILT, built(warning="a substitute")).status == "WARNED"
    two = [("node129", BUILT, "2.1.5"), ("node128", BUILT, "2.2.7")]
    assert judge_version(two, "2.1.5").status == "WARNED"


@pytest.mark.parametrize(
    ("found", "source_sha256", "verdict"),
    [
        (BUILT, "aa" * 32, Verdict.passed("binary b1b1b1b1b1b1 from keepalived-2.1.5.tar.gz aaaaaaaaaaaa")),
        (BUILT, None, Verdict.passed("binary b1b1b1b1b1b1 from keepalived-2.1.5.tar.gz aaaaaaaaaaaa")),
        (NOTHING, None, Verdict.failed("not built", "Notebook 02 builds it, and writes the record.")),
        (
            replace(NOTHING, exists=True),
            None,
            Verdict.failed("no record", "Notebook 02 builds it, and writes the record."),
        ),
        (
            replace(BUILT, binary_sha256="b2" * 32),
            "aa" * 32,
            Verdict.failed("the binary is not the recorded one", "It was exchanged since: 02 builds it again."),
        ),
        (
            BUILT,
            "cc" * 32,
            Verdict.failed(
                "built from another archive (keepalived-2.1.5.tar.gz)", "Notebook 02 builds it anew."
            ),
        ),
    ],
)  # fmt: skip
def test_a_binary_and_its_record(found: Installed, source_sha256: str | None, verdict: Verdict) -> None:
    assert judge_provenance(found, source_sha256) == verdict


@pytest.mark.parametrize(
    ("first", "second", "verdict"),
    [
        (TOOLS, TOOLS, Verdict.passed("a: gcc 12.2.0; b: gcc 12.2.0; alike, built once")),
        (TOOLS, BARE, Verdict.passed("a: gcc 12.2.0; b: lacks gcc, make; alike, built once")),
        (
            TOOLS,
            replace(TOOLS, platform=CENTOS),
            Verdict.passed("a: gcc 12.2.0; b: gcc 12.2.0; different, built on each"),
        ),
        (TOOLS, replace(BARE, platform=CENTOS), Verdict.failed("a: gcc 12.2.0; b: lacks gcc, make", NEEDS)),
        (BARE, BARE, Verdict.failed("a: lacks gcc, make; b: lacks gcc, make", NEEDS)),
    ],
)
def test_one_able_node_is_enough_where_both_are_alike(first: Toolchain, second: Toolchain, verdict: Verdict) -> None:
    assert judge_toolchains({"a": first, "b": second}) == verdict
