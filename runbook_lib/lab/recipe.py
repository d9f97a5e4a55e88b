"""What is in the image that every machine of the lab boots from, and the hash that names it. Pure."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from runbook_lib.errors import LabError
from runbook_lib.lab.topology import MACHINES

JAVA = {"bookworm": 17, "trixie": 21}  # the headless JRE that each Debian release ships
RELEASES = tuple(JAVA)

_SYSTEM = ("systemd", "systemd-sysv", "dbus", "polkitd", "openssh-server", "python3", "sudo")
# netbase: firewalld asks /etc/protocols for vrrp; iptables: the chapter's direct rule (step 6) speaks its language.
_NETWORK = ("firewalld", "netbase", "nftables", "iptables", "iproute2", "iputils-ping", "curl", "tcpdump")
_PROCESSES = ("procps", "psmisc")  # the check script's `ps` and `killall` (chapter step 9)
_ENTRY = ("nginx", "libnginx-mod-http-lua")
_COMPILER = ("gcc", "libc6-dev", "make", "pkg-config", "libssl-dev", "libnl-3-dev", "libnl-genl-3-dev")

_NOT_FOR_A_LAB = (
    "apt-daily.timer",  # no way out: they would wake only to fail
    "apt-daily-upgrade.timer",
    "dpkg-db-backup.timer",
    "e2scrub_all.timer",  # disks and their trim are the host's
    "e2scrub_reap.service",
    "fstrim.timer",
    "systemd-networkd.service",  # the lab itself gives each machine its interface and address
    "systemd-networkd.socket",
    "systemd-networkd-wait-online.service",
    "systemd-timesyncd.service",  # one kernel, one clock: the host's
    "console-getty.service",  # nobody sits at the console: `runbook lab exec` and SSH are the ways in
    "systemd-ask-password-console.path",  # nor types a disk's passphrase; each takes one of few inotify instances
    "systemd-ask-password-wall.path",
    "systemd-firstboot.service",  # would ask a question at a console that nobody reads
)

_SSHD = """\
# Root enters with the lab's key only.
PermitRootLogin prohibit-password
# A name server and a Kerberos realm are not here: looking for them only delays a login.
UseDNS no
GSSAPIAuthentication no
# The defaults drop sessions (10) and, at random, logins (from 10 on) when a test opens many at once.
MaxSessions 200
MaxStartups 200
PrintMotd no
PrintLastLog no
"""

_PAM_SSHD = """\
# Debian's own, but for pam_systemd and the message of the day. A user manager at every login costs 0.2 s and three
# inotify instances, of which a host has 128 in all; where they are used up, the whole machine counts as degraded.
@include common-auth
account required pam_nologin.so
@include common-account
session optional pam_keyinit.so force revoke
session required pam_limits.so
session required pam_env.so
session required pam_unix.so
@include common-password
"""

_JOURNALD = """\
[Journal]
# `runbook lab logs` reads it also when the machine is off; nothing of a failover may be dropped as too much.
Storage=persistent
SystemMaxUse=128M
RateLimitIntervalSec=0
ForwardToSyslog=no
"""

_APT_SOURCES = "# A machine of the lab has no way out: its software is in the image, built by `runbook lab up`.\n"


@dataclass(frozen=True)
class Recipe:
    """One image: Debian release, packages, files written (path to text), units masked or disabled, globs removed."""

    release: str
    packages: tuple[str, ...]
    files: Mapping[str, str]
    masked: tuple[str, ...]
    disabled: tuple[str, ...]
    removed: tuple[str, ...]

    @property
    def name(self) -> str:
        """`RELEASE-HASH`: any change of the recipe, down to one byte of a file, is another image."""
        text = json.dumps(dataclasses.asdict(self), sort_keys=True)
        return f"{self.release}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def recipe(release: str) -> Recipe:
    """The recipe of the lab's image for a Debian release; LabError for a release that the lab doesn't know."""
    if release not in JAVA:
        raise LabError(f"The lab has no image of {release!r}.", f"Set lab.release to one of: {', '.join(RELEASES)}.")
    java = f"openjdk-{JAVA[release]}-jre-headless"
    return Recipe(
        release=release,
        packages=(*_SYSTEM, *_NETWORK, *_PROCESSES, *_ENTRY, *_COMPILER, java),
        files=_files(),
        masked=_NOT_FOR_A_LAB,
        disabled=("nginx.service",),  # the chapter's OpenResty runs from a unit of its own
        removed=(
            "etc/resolv.conf",  # the host's: names would be asked for in vain
            "etc/ssh/ssh_host_*",  # made for each machine, before it boots
            "etc/update-motd.d/*",
            "etc/apt/sources.list.d/*",
            "etc/apt/apt.conf.d/99mmdebstrap",
            "etc/dpkg/dpkg.cfg.d/99mmdebstrap",
            "var/lib/apt/lists/*",
            "var/cache/apt/*.bin",
            "var/log/*.log",
            "var/log/apt/*",
            "run/*",
            "tmp/*",
        ),
    )


def _files() -> dict[str, str]:
    names = "".join(f"{machine.address} {machine.name}\n" for machine in MACHINES)
    return {
        "etc/apt/sources.list": _APT_SOURCES,
        "etc/default/locale": "LANG=C.UTF-8\n",
        "etc/hosts": f"127.0.0.1 localhost\n::1 localhost\n{names}",
        "etc/machine-id": "",  # empty, not missing: a missing one is a first boot, which enables every unit anew
        "etc/motd": "",
        "etc/pam.d/sshd": _PAM_SSHD,
        "etc/ssh/sshd_config.d/lab.conf": _SSHD,
        "etc/systemd/journald.conf.d/lab.conf": _JOURNALD,
        "var/log/journal/.lab": "",
        # Newer than /usr: systemd then skips the work it does after an update, at each machine's every first boot.
        "etc/.updated": "",
        "var/.updated": "",
    }
