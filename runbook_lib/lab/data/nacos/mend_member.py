"""Mend two things that a Nacos 1.4.1 member does not mend itself.

Files that it does not write. At each attempt of its first dump a member removes every file that it serves. Then it
leaves out as unchanged whatever it remembers, from the attempt before or from its Raft log, and answers "config data
not exist" for good (alibaba/nacos issue 7593). Its database has them all: each is put back from there, unless the
member has written it meanwhile. Not so those of a beta or with a tag, which the chapter knows nothing of.

A first dump that never begins. It waits for the news of its Raft group's leader, and where that comes just when it
begins to wait, it waits for good ("Nacos is starting..."). Such a member is ended; systemd starts another.

Runs on the machine, in the member's home, beside the member at port PORT with process id PID; on standard input its
logs protocol-raft.log, config-fatal.log and config-dump.log, as they grow:

    … This Raft event changes : RaftEvent{groupId='nacos_config', leader='ADDRESS:PORT', …
    … isQuickStart:false
    … [dump-ignore] ignore to save cache file. groupKey=DATA_ID+GROUP+NAMESPACE, md5=…
"""

from __future__ import annotations

import http.client
import json
import os
import queue
import re
import signal
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable
from pathlib import Path

LEADER_KNOWN = re.compile(r"RaftEvent{groupId='nacos_config', leader='\d")
DUMP_BEGINS = "isQuickStart:"
DUMP_WITHIN_S = 120
"""From the news of a leader to the dump's beginning: 32 s were the longest seen, on two cores with a load of 33."""
LEFT_OUT = re.compile(r"\[dump-ignore\].* groupKey=([^,]+),")
ANSWERS_WITHIN_S = 600.0
"""A member that starts answers HTTP only after its first dump; on a machine under load that takes minutes."""
DATA = Path("data")


def watch(lines: Iterable[str], port: int, pid: int) -> None:
    """Follow the logs of one member, from its start to its end."""
    overdue = threading.Timer(DUMP_WITHIN_S, end, (pid,))
    overdue.daemon = True
    # Beside this loop: it waits for the member, and the dump's beginning must be seen meanwhile.
    left_out: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    writer = threading.Thread(target=put_back_each, args=(port, left_out), daemon=True)
    writer.start()
    for line in lines:
        if LEADER_KNOWN.search(line) and overdue.ident is None:
            overdue.start()
        elif DUMP_BEGINS in line:
            overdue.cancel()  # for good, also when this line is read before the leader's
        elif found := LEFT_OUT.search(line):
            left_out.put(found[1])
    left_out.put(None)
    writer.join()


def end(pid: int) -> None:
    """End the member; systemd starts it afresh."""
    why = f"its first dump did not begin within {DUMP_WITHIN_S} s of the leader's news"
    print(f"ended: {why}", file=sys.stderr, flush=True)
    os.kill(pid, signal.SIGKILL)


def put_back_each(port: int, group_keys: queue.SimpleQueue[str | None]) -> None:
    """Put back one after the other, until None comes; what can't be put back is said in the unit's journal."""
    for group_key in iter(group_keys.get, None):
        try:
            put_back(port, group_key)
        except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
            print(f"{group_key} is not put back: {error}", file=sys.stderr, flush=True)


def put_back(port: int, group_key: str) -> None:
    """Write the file of the configuration DATA_ID+GROUP+NAMESPACE (+ and % escaped), unless there is one.

    Raises OSError or HTTPException when it can't be written, or the member doesn't answer; ValueError or KeyError for
    an answer, or a key, that can't be read.
    """
    data_id, group, namespace = [urllib.parse.unquote(part) for part in f"{group_key}+".split("+")[:3]]
    file = DATA.joinpath(*(["tenant-config-data", namespace] if namespace else ["config-data"]), group, data_id)
    content = None if file.exists() else from_database(port, data_id, group, namespace)
    if content is None:
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    whole = DATA / "put-back"
    try:
        whole.write_text(content, encoding="utf-8", newline="")
        os.link(whole, file)  # whole at once, and never over what the member has written meanwhile
    except FileExistsError:
        pass
    finally:
        whole.unlink(missing_ok=True)


def from_database(port: int, data_id: str, group: str, namespace: str) -> str | None:
    """The configuration's content, once the member answers; None where its database has none (any more)."""
    asked = {"show": "all", "dataId": data_id, "group": group, "tenant": namespace}
    url = f"http://127.0.0.1:{port}/nacos/v1/cs/configs?{urllib.parse.urlencode(asked)}"
    deadline = time.monotonic() + ANSWERS_WITHIN_S
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                shown = answer.read()
            return json.loads(shown)["content"] if shown else None
        except (OSError, http.client.HTTPException) as error:
            refused = isinstance(error, urllib.error.HTTPError) and error.code < 500
            if refused or time.monotonic() > deadline:
                raise
            time.sleep(0.5)


if __name__ == "__main__":
    watch(sys.stdin, int(sys.argv[1]), int(sys.argv[2]))
