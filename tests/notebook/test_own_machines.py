"""Two machines of somebody's own: reached over plain SSH, changed as planned, and nothing disturbed."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from conftest import own_lab
from foreign_hosts import VIP, ForeignSite, foreign_site

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]

OWN_NGINX = """
cat > /etc/nginx/nginx.conf <<'END'
events {}
http { server { listen 80; add_header X-Entry NAME always; location = /entry { return 200; } } }
END
sed -i s/NAME/$1/ /etc/nginx/nginx.conf
systemctl unmask -q nginx; systemctl restart nginx
firewall-cmd -q --add-service=http
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForeignSite]:
    with own_lab("foreign", with_nacos=True) as lab, foreign_site(lab, tmp_path_factory.mktemp("own")) as site:
        yield site


def test_a_server_of_their_own_is_found_and_not_replaced(site: ForeignSite) -> None:
    for entry in ("entry-a", "entry-b"):
        site.on(entry, OWN_NGINX.replace("$1", entry))
    try:
        bundle = site.run("--only", "01", "-p", "openresty.unit=nginx.service", status=3)
    finally:
        for entry in ("entry-a", "entry-b"):
            site.on(entry, "systemctl stop nginx; firewall-cmd -q --remove-service=http")
    verdicts = {check["id"]: (check["verdict"], check["observed"]) for check in bundle.result["checks"]}
    assert verdicts["openresty.installed"][1].startswith("entry-a: nginx of its own, used as it is")
    assert verdicts["openresty.running"] == (
        "WARNED",
        "entry-a: active, and it is nginx; entry-b: active, and it is nginx",
    )
    assert verdicts["openresty.answers"] == ("PASSED", "entry-a: 200 from entry-a; entry-b: 200 from entry-b")
    assert site.on("entry-a", "ls /usr/local") == site.on("entry-b", "ls /usr/local")
    assert "openresty" not in site.on("entry-a", "ls /usr/local")


def test_00_to_08_are_green_and_09_is_skipped(site: ForeignSite) -> None:
    result = site.run().result
    assert [notebook["verdict"] for notebook in result["notebooks"]] == ["PASSED"] * 9 + ["SKIPPED"]
    skipped = {check["id"]: check["observed"] for check in result["checks"] if check["verdict"] == "SKIPPED"}
    assert skipped["failover.outage-in-band"] == "a fault needs disruption: faults, the site allows none"
    assert skipped["service.restarted"] == "a fault needs disruption: faults, the site allows none"
    assert VIP in site.on("entry-a", "ip -br address show dev ens192")


def test_a_second_run_changes_nothing_also_without_an_observer(site: ForeignSite) -> None:
    assert site.run("-p", "observer=none").result["changes"] == 0


def test_the_passwords_are_nowhere_in_what_a_run_leaves(site: ForeignSite) -> None:
    kept = [path for path in site.folder.glob("out/**/*") if path.is_file() and path.suffix not in {".png", ".svg"}]
    assert kept
    assert [path for path in kept if 'ho\\"rse' in path.read_text() or 'ho"rse' in path.read_text()] == []


ECHOING_SUDO = """\
#!/bin/sh
read -r line
echo "sudo: you typed $line" >&2
exit 1
"""


def test_a_sudo_that_echoes_its_input_puts_the_password_nowhere(site: ForeignSite) -> None:
    site.on("entry-a", f"cat >/usr/local/bin/sudo <<'END'\n{ECHOING_SUDO}END\nchmod 755 /usr/local/bin/sudo")
    try:
        said = [site.runbook("run", "--only", "00", "--out", str(site.folder / "echo")), site.runbook("check")]
    finally:
        site.on("entry-a", "rm /usr/local/bin/sudo")
    (result,) = site.folder.glob("echo/*/result.json")
    assert "sudo refuses op: sudo: you typed •••" in json.loads(result.read_text())["error"]
    for status, out, err in said:
        assert status == 2
        assert "sudo refuses op: sudo: you typed •••" in err
        assert 'ho"rse' not in out + err
    kept = [path.read_text() for path in site.folder.glob("echo/**/*") if path.is_file()]
    assert [text for text in kept if 'ho\\"rse' in text or 'ho"rse' in text] == []
