"""Login shells that talk, on two machines of somebody's own: nothing of it gets anywhere, or one clear refusal."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from conftest import own_lab
from foreign_hosts import ENTRIES, ForeignSite, foreign_site
from login_shells import JOB, NOISE, PRECIOUS, install_shells

from runbook_lib.hosts import Host
from runbook_lib.journal import Journal

pytestmark = [pytest.mark.lab, pytest.mark.slow, pytest.mark.timeout(900)]

KEEP = f"mkdir -p {PRECIOUS}; touch {PRECIOUS}/backup"
TCSH = f'{KEEP}; usermod -s /usr/bin/tcsh op; echo "{NOISE["1 MB"]}" >~op/.tcshrc'
BASH = (
    f"{KEEP}; usermod -s /bin/bash op; rm -f ~op/.tcshrc; "
    f"(echo '({JOB}) &'; cat ~op/.bashrc) >~op/new; mv ~op/new ~op/.bashrc"
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForeignSite]:
    with own_lab("talking", with_nacos=True) as lab:
        for machine, _ in ENTRIES.values():
            host = Host(lab.endpoint(machine), Journal(None))
            install_shells(host)
            host.close()
        with foreign_site(lab, tmp_path_factory.mktemp("talking")) as site:
            yield site


def test_1_MB_of_tcsh_gets_into_no_command_no_file_and_no_verdict(site: ForeignSite) -> None:  # noqa: N802
    for entry in ENTRIES:
        site.on(entry, TCSH)
    result = site.run("--only", "01,02,03,04,05,06,07").result
    assert [notebook["verdict"] for notebook in result["notebooks"]] == ["PASSED"] * 7
    kept = [path for path in site.folder.glob("out/**/*") if path.is_file()]
    assert kept
    assert [path for path in kept if PRECIOUS.encode() in path.read_bytes()] == []
    for entry in ENTRIES:
        written = "/etc/keepalived /etc/systemd /usr/local /var/lib/runbook"
        assert site.on(entry, f"grep -rl {PRECIOUS} {written} 2>/dev/null || :") == ""
        assert site.on(entry, f"ls {PRECIOUS}") == "backup\n"
    assert site.run("--only", "02,03,04,05,06,07").result["changes"] == 0


def test_a_job_of_bash_that_goes_on_printing_is_one_refusal(site: ForeignSite) -> None:
    for entry in ENTRIES:
        site.on(entry, BASH)
    status, out, err = site.runbook("run", "--out", str(site.folder / "refused"), "--only", "02,03,04,05,06,07")
    assert status == 2, out + err
    assert "op's login shell /bin/bash started still holds the session's streams: `" in out + err
    assert "Redirect it where it is started (~/.bashrc, ~/.ssh/rc): `JOB </dev/null >/dev/null 2>&1 &`." in out + err
