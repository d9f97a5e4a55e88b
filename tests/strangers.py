"""Somebody else's OpenResty, keepalived, nft tables and files on the nodes: to be the same whatever we do there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from interruption import on

from runbook_lib.lab import Lab

NODES = ("node128", "node129")
_COME = r"""
mkdir -p /opt/theirs /etc/keepalived; cd /opt/theirs
ln -sf /usr/sbin/nginx openresty; cp /usr/sbin/keepalived keepalived
echo 'pid /run/their-openresty.pid; error_log /dev/null; daemon off; worker_processes 1; events {}
http { access_log off; server { listen 8081; return 200 theirs; } }' >nginx.conf
echo 'vrrp_instance THEIRS {
  state MASTER
  interface their0
  virtual_router_id 99
  priority 200
  virtual_ipaddress { 10.9.9.9/24 }
}' >keepalived.conf
echo '[Service]
ExecStart=/opt/theirs/openresty -c /opt/theirs/nginx.conf' >/etc/systemd/system/their-openresty.service
echo '[Service]
PrivateNetwork=yes
ExecStartPre=/bin/ip link add their0 type veth peer name their1
ExecStartPre=/bin/ip address add 10.9.9.1/24 dev their0
ExecStartPre=/bin/sh -c "ip link set their0 up; ip link set their1 up"
ExecStart=/opt/theirs/keepalived --dont-fork --use-file=/opt/theirs/keepalived.conf --pid=/run/their.pid \
  --vrrp_pid=/run/their-vrrp.pid
' >/etc/systemd/system/their-keepalived.service
nft -f - <<'END'
table inet their_table { chain theirs { type filter hook input priority 5; tcp dport 8081 accept; }; }
table ip filter { chain INPUT { type filter hook input priority 0; tcp dport 9999 drop; }; }
END
for f in /etc/keepalived /etc/systemd/system /usr/local /var/tmp; do echo theirs >$f/their-notes; done
systemctl daemon-reload; systemctl start their-openresty their-keepalived
n=0; until curl -sf -m 1 http://127.0.0.1:8081/ >/dev/null && [ "$(pgrep -cf /opt/theirs/)" -ge 4 ]; do
  n=$((n + 1)); [ $n -lt 100 ]; sleep 0.1
done
"""
_SEEN = """
curl -s -m 2 http://127.0.0.1:8081/; echo
for u in their-openresty their-keepalived; do
  systemctl show -p ActiveState -p NRestarts $u; cat /sys/fs/cgroup/system.slice/$u.service/cgroup.procs
done
for q in $(cat /sys/fs/cgroup/system.slice/their-*.service/cgroup.procs); do
  cat /proc/$q/comm; ! grep '^State:.T' /proc/$q/status
done
nft list table inet their_table; nft list table ip filter
sha256sum /opt/theirs/* /etc/systemd/system/their-* /etc/keepalived/their-notes
sha256sum /usr/local/their-notes /var/tmp/their-notes
"""
_KEEPALIVED_GOES = "systemctl stop their-keepalived"
_GO = """
systemctl stop their-openresty their-keepalived
rm -rf /opt/theirs /etc/systemd/system/their-* /etc/keepalived/their-notes /usr/local/their-notes /var/tmp/their-notes
nft delete table inet their_table; nft delete table ip filter
systemctl daemon-reload
"""


@dataclass(frozen=True)
class Strangers:
    """What they are on each node: process ids, states, rules, bytes."""

    lab: Lab
    before: dict[str, str]

    def now(self) -> dict[str, str]:
        """The same as they are now."""
        return seen(self.lab)

    def without_keepalived(self) -> Strangers:
        """Theirs goes: a run from the beginning refuses to start beside it."""
        for node in NODES:
            on(self.lab, node, _KEEPALIVED_GOES)
        return Strangers(self.lab, seen(self.lab))


def seen(lab: Lab) -> dict[str, str]:
    return {node: on(lab, node, _SEEN) for node in NODES}


@contextmanager
def strangers(lab: Lab) -> Iterator[Strangers]:
    """They are there, on both nodes where the chapter ran, until the block ends."""
    try:
        for node in NODES:
            on(lab, node, f"set -e; {_COME}")
        yield Strangers(lab, seen(lab))
    finally:
        for node in NODES:
            on(lab, node, _GO)
