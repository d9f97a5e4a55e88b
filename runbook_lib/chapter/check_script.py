"""Chapter step 9: the script that keepalived runs, the chapter's as printed or ours, which only reports."""

from __future__ import annotations

from dataclasses import dataclass

from runbook_lib.chapter.change import Change, WriteFile
from runbook_lib.chapter.operation import operation
from runbook_lib.chapter.ownership import keep_before
from runbook_lib.chapter.rendering import render, template
from runbook_lib.chapter.service import FOLDER
from runbook_lib.hosts import Host, OpenSite
from runbook_lib.site import Site

SCRIPT = f"{FOLDER}/openresty_check.sh"
MODE = 0o755
"""The chapter forgets `chmod +x`: keepalived then disables the script, and the VIP stays whatever happens."""
NOBODY_LISTENS = "http://127.0.0.1:1/entry"
"""Port 1, tcpmux: refused at once where nobody has ever asked for it."""


@dataclass(frozen=True)
class InstalledScript:
    """The script on a host."""

    text: str | None
    """None: not there."""
    mode: int
    """Permission bits; 0 when it is not there."""


def render_check_script(model: Site) -> str:
    """The script that the site asks for. Pure.

    Ours asks `/entry` and gives up after half the interval: keepalived's own limit for a run is the interval.
    """
    if model.check_script == "chapter":
        return template("chapter_check.sh")
    interval = model.check.interval
    return render("openresty_check.sh.j2", interval=interval, port=model.openresty.port, max_time=f"{interval / 2:g}")


def installed_script(host: Host) -> InstalledScript:
    """What stands at the script's place now."""
    # 1: no such file, which is an answer here.
    mode = host.run("stat -c %%a %s", SCRIPT).check(normal=(0, 1))
    return InstalledScript(host.read_text(SCRIPT), parse_mode(mode.stdout))


def parse_mode(said: str) -> int:
    """`stat`'s permission bits, `755`; 0 for what is none. Pure."""
    word = said.strip()
    return int(word, 8) if word and len(word) <= 4 and set(word) <= set("01234567") else 0


def plan_check_script(host: str, found: InstalledScript, wanted: str) -> Change:
    """Install the script, executable, where text or mode differ. Pure."""
    if found == InstalledScript(wanted, MODE):
        return Change.none(host, f"{SCRIPT} is the one that is wanted, and executable")
    kept = keep_before(SCRIPT, found.text, wanted, may_be_ours=found.text == template("chapter_check.sh"))
    was = "no script" if found.text is None else "another script" if found.text != wanted else "not executable"
    return Change(host, "install the check script", (*kept, WriteFile(SCRIPT, wanted, found.text, MODE)), was)


@dataclass(frozen=True)
class ScriptRun:
    """The script, run once by hand."""

    node: str
    asked_about: str
    exit_status: int
    means: str


def script_runs(site: OpenSite) -> tuple[ScriptRun, ...] | str:
    """Our script by hand on both nodes, about OpenResty and about nobody; a sentence for the chapter's, which acts."""
    if site.model.check_script == "chapter":
        return "Not run: the chapter's script starts OpenResty and kills keepalived."
    own = f"http://127.0.0.1:{site.model.openresty.port}/entry"
    return tuple(
        ScriptRun(host.name, url, status, "up" if status == 0 else "down")
        for host in site.nodes
        for url in (own, NOBODY_LISTENS)
        for status in (run_script(host, url),)
    )


def run_script(host: Host, url: str) -> int:
    """The exit status of our script when it is asked about `url`; 126 and 127: it can't be run."""
    return host.run("ENTRY=%s %s", url, SCRIPT).exit_status


@operation("06", "Install the check script")
def install_check_script(site: OpenSite) -> tuple[Change, ...]:
    """The script on both nodes (chapter step 9); keepalived finds it at its next run, or when 07 reloads it."""
    wanted = render_check_script(site.model)
    return tuple(plan_check_script(host.name, installed_script(host), wanted) for host in site.nodes)
